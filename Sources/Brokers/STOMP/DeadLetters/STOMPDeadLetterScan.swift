import CeleryAMQP
import CeleryCore
import STOMP
import Synchronization

/// One reading of the dead letters, by a connection of its own.
///
/// No server tells where a queue ends. So the reader puts a marker into the queue, and reads up to it; what it does not remove returns
/// to its place when the connection ends. One program reads at a time: ActiveMQ serves exclusive consumers one after the other, and at
/// RabbitMQ a queue that only one connection may have is the lock.
final class STOMPDeadLetterScan: Sendable {
    struct Held: Sendable {
        var ackID: String
        var opened: DeadLetterQueue.Letter
        var letter: DeadLetter { opened.letter }
    }

    private struct State {
        var generation = 0
        var frames: [STOMPFrame] = []
    }

    private final class Shared: Sendable {
        let state = Mutex(State())
        let bell = Bell()
    }

    private let broker: STOMPBroker
    private let shared = Shared()
    private let link: STOMPLink
    private let server: STOMPServer
    private let marker = TaskID().text

    private static let markerName = "celery-marker"
    private static let markerTime = "celery-marker-time"
    private static let subscription = "dead"
    /// How long another reader may keep the letters.
    private static let patience: Duration = .seconds(30)
    /// Seconds after which a marker has no reader any more.
    private static let oldMarker = 600.0

    init(_ broker: STOMPBroker, _ server: STOMPServer) {
        (self.broker, self.server) = (broker, server)
        let lock = STOMPFrame(
            "SUBSCRIBE",
            [
                .init("id", "lock"), .init("destination", broker.layout.queue(STOMPLayout.deadLetters + ".lock")), .init("ack", "auto"),
                .init("durable", "false"), .init("exclusive", "true"), .init("auto-delete", "true"),
            ])
        link = STOMPLink(
            broker.options,
            listener: STOMPLink.Listener(
                connected: { [shared] server, generation in
                    shared.state.withLock { $0 = State(generation: generation) }
                    return server.kind == .rabbitMQ ? [lock] : []
                },
                heard: { [shared] frame, generation in
                    shared.state.withLock { if $0.generation == generation { $0.frames.append(frame) } }
                    shared.bell.ring()
                }, lost: { [shared] _ in shared.bell.ring() }))
    }

    /// All letters, the oldest first.
    ///
    /// - Throws: `DriverError`; `tryAgain` when another reader keeps them.
    func read() async throws -> [Held] {
        let generation = try await begin()
        try await broker.send([
            STOMPFrame(
                "SEND",
                [
                    .init("destination", broker.layout.queue(STOMPLayout.deadLetters)), .init("persistent", "true"),
                    .init(Self.markerName, marker), .init(Self.markerTime, String(Int(Timestamp.now.seconds))),
                ])
        ])
        var headers: [STOMPFrame.Header] = [
            .init("id", Self.subscription), .init("destination", broker.layout.queue(STOMPLayout.deadLetters)), .init("ack", "client-individual"),
        ]
        // Without a limit RabbitMQ sends all there is.
        if server.kind != .rabbitMQ { headers += [server.prefetchHeader(1_000_000), .init("activemq.exclusive", "true")] }
        link.post([STOMPFrame("SUBSCRIBE", headers)], on: generation)
        var count = 0
        var deadline = ContinuousClock.now + Self.patience
        while true {
            let seen = shared.bell.count
            let (frames, current) = shared.state.withLock { ($0.frames, $0.generation) }
            guard current == generation else { throw DriverError(.unreachable, "broker \(broker.location): the connection was lost while reading dead letters") }
            if let end = frames.firstIndex(where: { $0[Self.markerName] == marker }) { return letters(in: Array(frames[..<end])) }
            if frames.count > count { (count, deadline) = (frames.count, .now + Self.patience) }
            guard .now < deadline else { throw busy }
            await shared.bell.wait(since: seen, until: deadline)
            try Task.checkCancellation()
        }
    }

    private var busy: DriverError { DriverError(.tryAgain, "broker \(broker.location): another command is still reading the dead letters") }

    private func letters(in frames: [STOMPFrame]) -> [Held] {
        frames.filter { $0["subscription"] == Self.subscription && $0[Self.markerName] == nil }.map { frame in
            let wire = (try? STOMPEnvelope.read(frame)) ?? STOMPEnvelope.remains(of: frame)
            return Held(ackID: frame["ack"] ?? "", opened: DeadLetterQueue.read(wire))
        }
    }

    /// Connects, and waits until no other program reads.
    private func begin() async throws -> Int {
        let deadline = ContinuousClock.now + Self.patience
        let name = STOMPFrame.Header("transaction", "begin")
        while true {
            do throws(STOMPError) {
                _ = try await link.connect()
                let generation = shared.state.withLock { $0.generation }
                // The server carries frames out in their order: if it has refused the lock, this does not come to its end.
                try await link.send([STOMPFrame("BEGIN", [name]), STOMPFrame("ABORT", [name], wantsReceipt: true)], on: generation)
                return generation
            } catch {
                guard server.kind == .rabbitMQ, error.code != .unreachable else { throw DriverError(error, at: broker.location) }
                guard .now < deadline else { throw busy }
            }
            try await Task.sleep(for: .milliseconds(Int.random(in: 100...300)))
        }
    }

    /// Removes letters that `read` has returned, and the markers.
    func remove(_ letters: [Held]) async throws {
        let (frames, generation) = shared.state.withLock { ($0.frames, $0.generation) }
        let old = Timestamp.now.seconds - Self.oldMarker
        let markers = frames.filter { frame in
            guard let name = frame[Self.markerName] else { return false }
            return name == marker || (frame[Self.markerTime].flatMap { Double($0) } ?? 0) < old
        }
        var ends = STOMPConsumer.ends("ACK", letters.map(\.ackID) + markers.compactMap { $0["ack"] }, [])
        guard !ends.isEmpty else { return }
        ends[ends.count - 1].wantsReceipt = true
        do throws(STOMPError) {
            try await link.send(ends, on: generation)
        } catch {
            throw DriverError(error, at: broker.location)
        }
    }

    func close() async { await link.close() }
}
