package import CeleryCore
import Processes
import Streams
import Synchronization

/// A client's connection to `celery broker`: one thread owns it, makes it again when it is needed after it was lost, and has any number of
/// requests under way.
package final class ZMQLink: Sendable {
    package let options: ZMQOptions
    private let core: LoopCore<ZMQJob>
    private let last = Atomic<UInt64>(0)
    private let known = Known()

    /// What is known of the server.
    private final class Known: Sendable {
        /// The role of the last connection; `nil` before the first.
        let role = Mutex<BrokerRole?>(nil)
    }

    /// How long requests that may be repeated wait for a server that was there before and is gone.
    private static let outage: Duration = .seconds(10)

    /// Connects with the first request.
    ///
    /// - Throws: `DriverError` if the system has no descriptor left.
    package init(_ options: ZMQOptions) throws(DriverError) {
        self.options = options
        do throws(SystemError) {
            core = try LoopCore()
        } catch {
            throw DriverError(.tryAgain, "cannot connect to \(options.location): \(error)")
        }
        WorkThread.start { [core, known] in
            ZMQLoop(options, core) { role in known.role.withLock { $0 = role } }.run()
            core.ended.set(())
        }
    }

    package var location: String { options.location }

    /// The server does not know the place of a request: it was restarted, or the place was unused for long.
    package struct UnknownPlace: Error {}

    /// Asks the server. A repeatable request is asked again if the connection is lost; one that waits ends early when the task is
    /// cancelled, with whatever the server answers.
    ///
    /// - Throws: `DriverError`: `tryAgain` if it is unknown whether the server has heard a request that must not be repeated;
    ///   `UnknownPlace`.
    package func ask<Request, Reply>(_ verb: Verb<Request, Reply>, _ request: Request, at place: String = "") async throws -> Reply {
        try await ask(verb, packed: Packer.bytes(of: request), at: place)
    }

    /// Asks for many things at once; in several requests, one after another, if they do not fit into one.
    ///
    /// - Parameter confirmed: Called after each request with the number of elements in it.
    package func askInParts<Element, Reply>(
        _ verb: Verb<[Element], Reply>, _ elements: [Element], at place: String = "", confirmed: (Int) -> Void = { _ in }
    ) async throws -> [Reply] {
        let body = Packer.bytes(of: elements)
        if body.count >= Self.most, elements.count > 1 {
            let middle = elements.count / 2
            let first = try await askInParts(verb, Array(elements[..<middle]), at: place, confirmed: confirmed)
            return first + (try await askInParts(verb, Array(elements[middle...]), at: place, confirmed: confirmed))
        }
        let reply = try await ask(verb, packed: body, at: place)
        confirmed(elements.count)
        return [reply]
    }

    /// Bytes of the largest request, without its envelope.
    private static let most = WireBounds.messageBytes - 2_048

    private func ask<Request, Reply>(_ verb: Verb<Request, Reply>, packed body: [UInt8], at place: String) async throws -> Reply {
        guard body.count < Self.most else {
            throw DriverError(.refused, "too large for broker \(location): \(body.count >> 20) MB of at most \(WireBounds.messageBytes >> 20)")
        }
        var backoff = Backoff.connecting
        var deadline: ContinuousClock.Instant?
        while true {
            do {
                return try Self.read(try await exchange(verb, place, body))
            } catch let loss as ZMQLoss {
                let isOutage = loss.error.code == .unreachable && known.role.withLock { $0 != nil }
                let limit = deadline ?? ContinuousClock.now + Self.outage
                deadline = limit
                guard isOutage, verb.isRepeatable || !loss.wasSent, ContinuousClock.now < limit, !Task.isCancelled else {
                    if loss.wasSent, !verb.isRepeatable { throw DriverError(.tryAgain, "\(loss.error.message) before it answered") }
                    throw loss.error
                }
                try await Task.sleep(for: min(backoff.next(), ContinuousClock.now.duration(to: limit)))
            }
        }
    }

    private static func read<Reply: Packed>(_ reply: ReplyEnvelope) throws -> Reply {
        switch reply.status {
        case .done:
            do {
                return try Unpacker.value(Reply.self, of: reply.body)
            } catch {
                throw DriverError(.unusable, "the broker has sent an answer that cannot be read: \(error)")
            }
        case .failed:
            let error = try? Unpacker.value(DriverError.self, of: reply.body)
            throw error ?? DriverError(.unusable, "the broker has sent an error that cannot be read")
        case .unknownPlace: throw UnknownPlace()
        }
    }

    /// - Throws: `ZMQLoss`.
    private func exchange(_ verb: Verb<some Packed, some Packed>, _ place: String, _ body: [UInt8]) async throws -> ReplyEnvelope {
        let number = last.add(1, ordering: .relaxed).newValue
        let bytes = Packer.bytes(of: RequestEnvelope(number: number, verb: verb.name, place: place, body: body))
        let answer = SetOnce<Result<ReplyEnvelope, ZMQLoss>>()
        let exchange = ZMQExchange(number: number, bytes: bytes) { answer.set($0) }
        guard core.add(.ask(exchange)) else {
            throw ZMQLoss(error: DriverError(.unreachable, "the connection to \(location) is closed"), wasSent: false)
        }
        guard verb.waits else { return try await answer.value().get() }
        return try await withTaskCancellationHandler {
            try await answer.value().get()
        } onCancel: { [core] in
            _ = core.add(.cancel(number))
        }
    }

    /// Ends the connection and all requests.
    package func close() async { await core.close() }
}
