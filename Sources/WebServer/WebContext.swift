import Synchronization

/// What the library's threads need: the handler, and the work under way.
final class WebContext: Sendable {
    private let handler: WebServer.Handler
    private let work = Mutex(Work())
    private let repeated = RepeatedAnswers()

    private struct Work {
        var tasks: [Int: Task<Void, Never>] = [:]
        var last = 0
        var isOver = false
    }

    init(_ handler: @escaping WebServer.Handler) { self.handler = handler }

    func handle(_ pointer: UnsafeMutableRawPointer) {
        if repeated.answer(pointer) { return }
        let exchange = WebExchange(pointer)
        let request: WebRequest
        do throws(WebRefusal) {
            request = try WebRequest(pointer)
        } catch {
            return send(StrictHeaders.applied(to: WebResponse(error)), exchange, wantsBody: true)
        }
        switch handler(request) {
        case .now(let response):
            send(response, exchange, wantsBody: request.wantsBody)
            repeated.keep(response, for: pointer)
        case .later(let work):
            run { [self] in send(await work(), exchange, wantsBody: request.wantsBody) }
        }
    }

    private func send(_ response: WebResponse, _ exchange: WebExchange, wantsBody: Bool) {
        switch response.body {
        case .bytes(let bytes): exchange.answer(response.status, response.headers, bytes)
        // The library leaves out the body of an answer to HEAD, but a stream has no length to tell.
        case .stream where !wantsBody: exchange.answer(response.status, response.headers, [])
        case .stream(let write):
            exchange.beginStream(response.status, response.headers)
            run {
                await write(WebStream(exchange))
                exchange.end()
            }
        }
    }

    private func run(_ body: @escaping @Sendable () async -> Void) {
        work.withLock { work in
            guard !work.isOver else { return }
            work.last += 1
            let number = work.last
            // It ends after it was noted: that takes the lock, too.
            work.tasks[number] = Task {
                await body()
                self.forget(number)
            }
        }
    }

    private func forget(_ number: Int) { work.withLock { $0.tasks[number] = nil } }

    func cancel() {
        let tasks = work.withLock { work in
            work.isOver = true
            return Array(work.tasks.values)
        }
        for task in tasks { task.cancel() }
    }
}
