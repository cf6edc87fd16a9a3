import CeleryAMQP
import CeleryCore
import DequeModule
import STOMP
import Synchronization

/// One reading of the dead letters, by a connection of its own.
///
/// No server tells where a queue ends. So the reader puts a marker into the queue, and reads up to it; what it does not remove returns
/// to its place when the connection ends. One program reads at a time: ActiveMQ serves exclusive consumers one after the other, and at
/// RabbitMQ a queue that only one connection may have is the lock.
///
/// ActiveMQ delivers a page of 200 messages, and the next when something happens to the queue (`maxPageSize`). Its browsers, which take
/// nothing, see 400 messages and no more (`maxBrowsePageSize`), so they are of no use here.
final class STOMPDeadLetterScan: Sendable {
    struct Held: HeldLetter {
        var ackID: String
        /// Bytes at the server, about.
        var size: Int
        var opened: DeadLetterQueue.Letter
    }

    private struct State {
        /// The number of the connection.
        var generation = 0
        /// Whether the letters come by this connection.
        var isReading = false
        var frames: Deque<STOMPFrame> = []
        /// Whether the marker was sent, and has come.
        var isMarked = false
        var hasEnded = false
        /// Markers that nobody needs, by the ids that acknowledge them.
        var spent: [String] = []
        /// Bytes of the letters that were read and not removed.
        var heldSize = 0
        /// Bytes of what has come and was not read.
        var waitingSize = 0
        /// Whether more came than is kept here, and was left out.
        var isOverfull = false

        mutating func add(_ frame: STOMPFrame) {
            let size = STOMPDeadLetterScan.size(of: frame)
            // Once something is left out, all behind it is: the oldest come first.
            isOverfull = isOverfull || heldSize + waitingSize + size > STOMPDeadLetterScan.mostKept
            guard !isOverfull else { return }
            waitingSize += size
            frames.append(frame)
        }
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
    /// How long nothing comes before the server is asked for more, at first and at most.
    private static let pauses: (shortest: Duration, longest: Duration) = (.milliseconds(30), .seconds(1))
    /// Seconds after which a marker has no reader any more.
    private static let oldMarker = 600.0
    /// What ActiveMQ is made to load at most: it keeps in memory what it has delivered, also when that is given back, and accepts no
    /// message of anybody once its memory is full.
    private static let mostHeld = 32 << 20
    /// What this program keeps in memory at most: RabbitMQ sends all there is.
    private static let mostKept = 512 << 20
    /// Bytes that ActiveMQ needs for a message besides its own.
    private static let overhead = 1_024

    init(_ broker: STOMPBroker, _ server: STOMPServer) {
        (self.broker, self.server) = (broker, server)
        let headers: [STOMPFrame.Header] = [
            .init("id", "lock"), .init("destination", broker.layout.queue(STOMPLayout.deadLetters + ".lock")), .init("ack", "auto"),
            .init("durable", "false"), .init("exclusive", "true"), .init("auto-delete", "true"),
        ]
        let lock = STOMPFrame("SUBSCRIBE", headers + broker.layout.deadLetterArguments(at: server))
        link = STOMPLink(
            broker.options,
            listener: STOMPLink.Listener(
                connected: { [shared] server, generation in
                    shared.state.withLock { $0 = State(generation: generation) }
                    return server.kind == .rabbitMQ ? [lock] : []
                },
                heard: { [shared] frame, generation in
                    shared.state.withLock { if $0.generation == generation { $0.add(frame) } }
                    shared.bell.ring()
                }, lost: { [shared] _ in shared.bell.ring() }))
    }

    // MARK: Reading

    /// Waits until no other program reads, and has the server send the letters.
    ///
    /// - Throws: `DriverError`; `tryAgain` when another reader keeps them.
    func begin() async throws {
        let generation = try await lock()
        shared.state.withLock { if $0.generation == generation { $0.isReading = true } }
        link.post([subscribe(Self.subscription, prefetch: 1_000_000)], on: generation)
    }

    private func subscribe(_ id: String, prefetch: Int) -> STOMPFrame {
        let destination = broker.layout.queue(STOMPLayout.deadLetters)
        let headers: [STOMPFrame.Header] = [.init("id", id), .init("destination", destination), .init("ack", "client-individual")]
        // Without a limit RabbitMQ sends all there is.
        guard server.kind != .rabbitMQ else { return STOMPFrame("SUBSCRIBE", headers + broker.layout.deadLetterArguments(at: server)) }
        return STOMPFrame("SUBSCRIBE", headers + [server.prefetchHeader(prefetch), .init("activemq.exclusive", "true")])
    }

    /// The next letters that match, the oldest first: as many as asked for, or eight megabytes of them; none at the end.
    ///
    /// - Throws: `DriverError`; `tryAgain` when no more come, `refused` when they are more than the server, or this program,
    ///   should have in memory.
    func next(_ most: Int, where matches: (DeadLetter) -> Bool) async throws -> [Held] {
        var found: [Held] = []
        var size = 0
        while found.count < most, size < STOMPBroker.largestBatch.bytes, let frame = try await nextFrame() {
            let wire = (try? STOMPEnvelope.read(frame)) ?? STOMPEnvelope.remains(of: frame)
            let held = Held(ackID: frame["ack"] ?? "", size: Self.size(of: frame), opened: DeadLetterQueue.read(wire))
            guard matches(held.letter) else { continue }
            found.append(held)
            size += held.size
        }
        return found
    }

    private static func size(of frame: STOMPFrame) -> Int {
        frame.headers.reduce(overhead + frame.body.count) { $0 + $1.name.utf8.count + $1.value.utf8.count }
    }

    /// Waits for the next letter.
    ///
    /// - Returns: `nil` when the marker has come.
    private func nextFrame() async throws -> STOMPFrame? {
        let deadline = ContinuousClock.now + Self.patience
        var pause = Self.pauses.shortest
        while true {
            let seen = shared.bell.count
            let (frame, hasEnded, isReading, heldSize, isOverfull) = shared.state.withLock { state in
                (takeLetter(from: &state), state.hasEnded, state.isReading, state.heldSize, state.isOverfull)
            }
            if let frame {
                guard heldSize <= Self.mostHeld || server.kind == .rabbitMQ else {
                    throw tooMuch("more than \(Self.mostHeld >> 20) MB of dead letters would fill the server's memory")
                }
                return frame
            }
            if hasEnded { return nil }
            guard !isOverfull else {
                throw tooMuch("more than \(Self.mostKept >> 20) MB of dead letters would fill the memory of this program")
            }
            guard isReading else { throw trouble(.unreachable, "the connection was lost while reading dead letters") }
            guard .now < deadline else { throw stuck }
            await shared.bell.wait(since: seen, until: min(deadline, .now + pause))
            try Task.checkCancellation()
            guard shared.bell.count == seen else { continue }
            // A marker that is sent before the letters have come is left behind by who reads no more of them.
            if server.kind != .activeMQ || pause > Self.pauses.shortest { try await mark() }
            lookForMore()
            pause = min(pause * 2, Self.pauses.longest)
        }
    }

    private func takeLetter(from state: inout State) -> STOMPFrame? {
        while !state.hasEnded, let frame = state.frames.popFirst() {
            state.waitingSize -= Self.size(of: frame)
            guard frame["subscription"] == Self.subscription else { continue }
            guard let name = frame[Self.markerName] else {
                state.heldSize += Self.size(of: frame)
                return frame
            }
            let time = frame[Self.markerTime].flatMap { Double($0) } ?? 0
            if name == marker || time < Timestamp.now.seconds - Self.oldMarker { state.spent.append(frame["ack"] ?? "") }
            state.hasEnded = name == marker
        }
        return nil
    }

    /// Sends the marker, once.
    private func mark() async throws {
        let isMarked = shared.state.withLock { state in
            defer { state.isMarked = true }
            return state.isMarked
        }
        guard !isMarked else { return }
        let destination = broker.layout.queue(STOMPLayout.deadLetters)
        let headers: [STOMPFrame.Header] = [
            .init("destination", destination), .init("persistent", "true"), .init(Self.markerName, marker),
            .init(Self.markerTime, String(Int(Timestamp.now.seconds))),
        ]
        try await broker.send([STOMPFrame("SEND", headers + broker.layout.deadLetterArguments(at: server))])
    }

    /// Has ActiveMQ load the next page, if there is more. A new subscription makes it do so, even one that takes nothing.
    private func lookForMore() {
        guard server.kind == .activeMQ else { return }
        let more = [subscribe("more", prefetch: 0), STOMPFrame("UNSUBSCRIBE", [.init("id", "more")])]
        link.post(more, on: shared.state.withLock { $0.generation })
    }

    // MARK: Errors

    private func trouble(_ code: DriverError.Code, _ text: String, hint: String? = nil) -> DriverError {
        DriverError(code, "broker \(broker.location): \(text)", hint: hint)
    }

    private var busy: DriverError { trouble(.tryAgain, "another command is still reading the dead letters") }

    private var stuck: DriverError {
        guard shared.state.withLock({ $0.heldSize > 0 }) else { return busy }
        return trouble(.tryAgain, "the server sends no more of its dead letters", hint: "it may be short of memory: see its log")
    }

    private func tooMuch(_ text: String) -> DriverError {
        trouble(
            .refused, "to look at \(text)",
            hint: "look at the oldest with --limit, and send again or drop what is not needed")
    }

    // MARK: Connecting

    /// Connects, and waits until no other program reads.
    private func lock() async throws -> Int {
        let deadline = ContinuousClock.now + Self.patience
        while true {
            do throws(STOMPError) {
                _ = try await link.connect()
                let generation = shared.state.withLock { $0.generation }
                // The connection may have been replaced: wait until the server has granted its lock, too.
                try await link.send([], on: generation)
                return generation
            } catch {
                guard server.kind == .rabbitMQ, error.code != .unreachable else { throw DriverError(error, at: broker.location) }
                guard .now < deadline else { throw busy }
            }
            try await Task.sleep(for: .milliseconds(Int.random(in: 100...300)))
        }
    }

    // MARK: Removing

    /// Removes letters that `next` has returned, and markers that were read.
    func remove(_ letters: [Held]) async throws {
        let (spent, generation) = shared.state.withLock { state in
            defer { state.spent = [] }
            state.heldSize -= letters.reduce(0) { $0 + $1.size }
            return (state.spent, state.generation)
        }
        var ends = STOMPConsumer.ends("ACK", letters.map(\.ackID) + spent, [])
        guard !ends.isEmpty else { return }
        ends[ends.count - 1].wantsReceipt = true
        do throws(STOMPError) {
            try await link.send(ends, on: generation)
        } catch {
            throw DriverError(error, at: broker.location)
        }
    }

    /// Ends the reading. What was not removed returns to its place.
    func close() async { await link.close() }
}
