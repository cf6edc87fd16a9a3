import CeleryAMQP
import CeleryCore
import Proton
import Synchronization

/// One reading of the dead letters, by a connection of its own.
///
/// No server tells where a queue ends. So the reader puts a marker into the queue, and reads up to it; what it does not remove returns
/// to its place when the connection ends. At RabbitMQ one program reads at a time: another would not see the letters that the first
/// has. The lock is the one message of a queue: who has it, reads, and it returns however the reader ends. Other servers show copies to
/// those who only look.
final class AMQP10DeadLetterScan: Sendable {
    struct Held: HeldLetter {
        var delivery: Int64?
        var opened: DeadLetterQueue.Letter
    }

    private struct Letter {
        var message: ProtonMessage
        var delivery: Int64?
    }

    private struct State {
        var generation = 0
        var letters: [Letter] = []
        /// Bytes of the letters.
        var size = 0
        /// Deliveries of the lock.
        var locks: [Int64] = []
    }

    private final class Shared: Sendable {
        let state = Mutex(State())
        let bell = Bell()
    }

    private let broker: AMQP10Broker
    private let server: ProtonServer
    private let shared = Shared()
    private let client: ProtonClient
    private let isCopying: Bool
    private let marker = TaskID().text

    private static let markerName = "celery-marker"
    private static let markerTime = "celery-marker-time"
    private static let (lockReceiver, letterReceiver) = (1, 2)
    /// How long another reader may keep the letters.
    private static let patience: Duration = .seconds(30)
    /// Seconds after which a marker has no reader any more.
    private static let oldMarker = 600.0
    /// Letters that are read at most.
    private static let credit = 1_000_000
    /// Bytes of letters that this program keeps in memory at most.
    private static let mostKept = 512 << 20

    init(_ broker: AMQP10Broker, _ server: ProtonServer, isCopying: Bool) {
        (self.broker, self.server) = (broker, server)
        self.isCopying = isCopying && server.showsCopies
        client = ProtonClient(
            broker.options,
            listener: ProtonClient.Listener(
                connected: { [shared] _, generation in
                    shared.state.withLock { $0 = State(generation: generation) }
                    return []
                },
                heard: { [shared] arrival, generation in
                    shared.state.withLock { state in
                        guard state.generation == generation else { return }
                        if arrival.receiver == Self.lockReceiver {
                            if let delivery = arrival.delivery { state.locks.append(delivery) }
                        } else {
                            state.size += arrival.bytes.count
                            // Letters beyond the limit are left out, and `read` refuses all of them.
                            guard state.size <= Self.mostKept else { return }
                            let message = (try? ProtonMessage(decoding: arrival.bytes)) ?? ProtonMessage()
                            state.letters.append(Letter(message: message, delivery: arrival.delivery))
                        }
                    }
                    shared.bell.ring()
                }, lost: { [shared] _ in shared.bell.ring() }))
    }

    /// All letters, the oldest first.
    ///
    /// - Throws: `DriverError`; `tryAgain` when another reader keeps them, `refused` when they are more than should be in memory.
    func read() async throws -> [Held] {
        let generation = try await begin()
        let queue = broker.layout.queue(AMQP10Layout.deadLetters, at: server)
        var message = ProtonMessage()
        message.isDurable = true
        message.headers = [
            ProtonValue.Pair(.string(Self.markerName), .string(marker)), ProtonValue.Pair(.string(Self.markerTime), .long(Int64(Timestamp.now.seconds))),
        ]
        try await broker.send([ProtonParcel(queue, message.encoded())])
        try await perform([.receive(Self.letterReceiver, from: queue, credit: Self.credit, isCopying: isCopying)], generation)
        var count = 0
        var deadline = ContinuousClock.now + Self.patience
        while true {
            let seen = shared.bell.count
            let (letters, size, current) = shared.state.withLock { ($0.letters, $0.size, $0.generation) }
            guard size <= Self.mostKept else {
                let limit = "\(Self.mostKept >> 20) MB"
                throw DriverError(
                    .refused, "broker \(broker.location): to look at more than \(limit) of dead letters would fill the memory of this program",
                    hint: "remove some by a tool of the server")
            }
            guard current == generation else {
                throw DriverError(.unreachable, "broker \(broker.location): the connection was lost while reading dead letters")
            }
            if let last = letters.firstIndex(where: { Self.marker(of: $0) == marker }) {
                // Markers go at once, also those of readers that have died; where copies were shown, they go with the next removal.
                try await end(letters.filter { isOld($0) }.compactMap(\.delivery), generation)
                return letters[..<last].filter { Self.marker(of: $0) == nil }.map { letter in
                    let wire = (try? AMQP10Envelope.read(letter.message)) ?? AMQP10Envelope.remains(of: letter.message)
                    return Held(delivery: letter.delivery, opened: DeadLetterQueue.read(wire))
                }
            }
            if letters.count > count { (count, deadline) = (letters.count, .now + Self.patience) }
            guard .now < deadline else { throw busy }
            await shared.bell.wait(since: seen, until: deadline)
            try Task.checkCancellation()
        }
    }

    private static func marker(of letter: Letter) -> String? { ProtonValue.map(letter.message.headers)[markerName]?.text }

    /// Whether this is our marker, or one that nobody waits for.
    private func isOld(_ letter: Letter) -> Bool {
        guard let name = Self.marker(of: letter) else { return false }
        let time = ProtonValue.map(letter.message.headers)[Self.markerTime]?.integer ?? 0
        return name == marker || Double(time) < Timestamp.now.seconds - Self.oldMarker
    }

    private var busy: DriverError {
        DriverError(
            .tryAgain, "broker \(broker.location): another command is still reading the dead letters",
            hint: server.showsCopies ? nil : "if there is none, delete the queue \(broker.options.prefix)\(AMQP10Layout.lock) at the server")
    }

    /// Connects, and waits until no other program reads.
    private func begin() async throws -> Int {
        do throws(ProtonError) { _ = try await client.connect() } catch { throw DriverError(error, at: broker.location) }
        let generation = shared.state.withLock { $0.generation }
        guard !server.showsCopies else { return generation }
        let lock = broker.layout.existing(AMQP10Layout.lock, at: server)
        do throws(ProtonError) {
            try await client.perform([.receive(Self.lockReceiver, from: lock, credit: 2)], on: generation)
        } catch {
            guard error.code == .missing else { throw DriverError(error, at: broker.location) }
            // The first reader of all makes the lock. Should two do so at once, whoever gets both removes one.
            var token = ProtonMessage()
            token.isDurable = true
            try await broker.send([ProtonParcel(broker.layout.queue(AMQP10Layout.lock, at: server), token.encoded())])
            try await perform([.receive(Self.lockReceiver, from: lock, credit: 2)], generation)
        }
        let deadline = ContinuousClock.now + Self.patience
        while true {
            let seen = shared.bell.count
            let (locks, current) = shared.state.withLock { ($0.locks, $0.generation) }
            guard current == generation else { throw DriverError(.unreachable, "broker \(broker.location): the connection was lost") }
            if !locks.isEmpty {
                try await end(Array(locks.dropFirst()), generation)
                return generation
            }
            guard .now < deadline else { throw busy }
            await shared.bell.wait(since: seen, until: deadline)
            try Task.checkCancellation()
        }
    }

    /// Removes letters that `read` has returned.
    func remove(_ letters: [Held]) async throws { try await end(letters.compactMap(\.delivery), shared.state.withLock { $0.generation }) }

    private func end(_ deliveries: [Int64], _ generation: Int) async throws {
        guard !deliveries.isEmpty else { return }
        try await perform([.settle(deliveries, .accepted)], generation)
    }

    private func perform(_ orders: [ProtonOrder], _ generation: Int) async throws {
        do throws(ProtonError) { try await client.perform(orders, on: generation) } catch { throw DriverError(error, at: broker.location) }
    }

    func close() async { await client.close() }
}
