import CeleryCore
import CeleryDB
import Synchronization
import Wire

extension SQLiteConsumer: RemoteControllable {
    /// Pause between looks at a busy file: any process's commit may be a request.
    private static let lookInterval: Duration = .milliseconds(20)
    /// The longest time without a look; see `ChangeWatch`.
    private static let fallbackLook: Duration = .seconds(5)

    func answerControl(_ handler: @escaping @Sendable (ControlRequest) async -> JSON?) {
        let task = Task { [weak self] in
            var last = self?.lastRequest ?? 0
            while !Task.isCancelled {
                guard let consumer = self else { return }
                await consumer.answerNext(after: &last, handler)
            }
        }
        control.withLock { earlier in
            earlier?.cancel()
            earlier = task
        }
    }

    /// Answers pending requests, or waits for a commit to the file.
    private func answerNext(after last: inout Int64, _ handler: @Sendable (ControlRequest) async -> JSON?) async {
        let generation = broker.file.watch.generation
        let requests: [ControlTable.Request]
        do {
            requests = try await broker.file.read { [last] in try ControlTable.requests(after: last, in: $0) }
        } catch {
            // The worker itself reports an unreadable file.
            try? await Task.sleep(for: .seconds(1))
            return
        }
        for request in requests {
            last = request.number
            guard let message = request.message, message.isFor(identity.name), !message.isExpired(at: broker.now()) else { continue }
            guard let value = await handler(message.request), message.ticket != nil else { continue }
            let name = identity.name
            _ = try? await broker.file.write(waking: true, durable: false) { [broker, number] db in
                try ControlTable.answer(message, value, of: number, named: name, now: broker.now(), in: db)
            }
        }
        guard requests.isEmpty else { return }
        await broker.file.watch.wait(since: generation, until: .now + Self.fallbackLook)
        if Task.isCancelled { return }
        guard (try? await broker.file.read { [last] in try ControlTable.requests(after: last, in: $0) })?.isEmpty ?? true else { return }
        try? await Task.sleep(for: Self.lookInterval)
    }
}
