import CeleryCore
import Fixtures
import Logging
import Schedules
import Wire

@testable import Beat
@testable import Brokers

/// Two beats, hour after hour under a clock of the test's own, with all that can befall them.
final class LongRun {
    private let broker: MemoryBroker
    private let clock = Mutable(EntryPlanTests.noon)
    private let entries: [Entry]
    private let collector: any BrokerConsumer
    private var random: SeededGenerator
    private var desks: [Desk] = []
    private var nextIdentity = 0
    /// Up to where due times have been looked at by a leader.
    private var frontier = EntryPlanTests.noon

    /// What was sent: due times in seconds, by entry.
    private(set) var sent: [String: [Double]] = [:]
    /// Stretches of time that leaders looked at, and whether all went well.
    private(set) var stretches: [Stretch] = []
    private(set) var faults: [Fault: Int] = [:]

    struct Stretch {
        var after: Double
        var through: Double
        var isWhole: Bool
    }

    enum Fault: CaseIterable {
        case kill, pause, restart, stall, lostAnswer, refusedCall, clockForward, clockBack
    }

    /// A beat in its process.
    private struct Desk {
        var beat: Beat
        var seat: FaultySeat
        var pausedUntil: Timestamp?
    }

    init(_ entries: [Entry], seed: UInt64) async throws {
        self.entries = entries
        random = SeededGenerator(seed: seed)
        broker = MemoryBroker(now: { [clock] in clock.value })
        collector = await broker.consumer(of: ["celery"], as: WorkerIdentity(id: "collector", name: "c", pid: 1, process: ""))
        for _ in 0..<2 { desks.append(try await desk()) }
    }

    private func desk() async throws -> Desk {
        nextIdentity += 1
        let identity = WorkerIdentity(id: "\(nextIdentity)", name: "beat\(nextIdentity)@here", pid: nextIdentity, process: "")
        var configuration = BeatConfiguration(name: "celery", identity: identity)
        configuration.isOnce = false
        let beat = try Beat(
            configuration: configuration, entries: entries, broker: broker, store: nil,
            logger: Logger(label: "beat") { _ in SwiftLogNoOpLogHandler() }, now: { [clock] in clock.value })
        return Desk(beat: beat, seat: FaultySeat(await broker.seat(in: "celery", as: identity)))
    }

    /// Lets so many hours pass.
    func run(hours: Double) async throws {
        let end = EntryPlanTests.noon + .seconds(hours * 3_600)
        // The first round begins all entries.
        try await round(0)
        while clock.value < end {
            clock.value = clock.value + .seconds(Double.random(in: 5...120, using: &random))
            if Int.random(in: 0..<12, using: &random) == 0 { try await befall(Fault.allCases.randomElement(using: &random)!) }
            for index in [0, 1].shuffled(using: &random) { try await round(index) }
            try await collect()
        }
        // A quiet end, in which somebody leads.
        for _ in 0..<20 {
            clock.value = max(clock.value, end) + .seconds(2)
            for index in [0, 1] { try await round(index) }
        }
        try await collect()
    }

    private func befall(_ fault: Fault) async throws {
        faults[fault, default: 0] += 1
        let index = Int.random(in: 0..<2, using: &random)
        switch fault {
        case .kill: desks[index] = try await desk()
        case .restart:
            await desks[index].seat.close()
            desks[index] = try await desk()
        case .pause: desks[index].pausedUntil = clock.value + .seconds(Double.random(in: 1...900, using: &random))
        case .stall:
            // Between deciding and sending time passes, and another takes over.
            let other = 1 - index
            let length = Double.random(in: 1...60, using: &random)
            desks[index].seat.beforeSend { [self] in
                clock.value = clock.value + .seconds(length)
                for _ in 0..<5 {
                    clock.value = clock.value + .seconds(2)
                    try await round(other)
                }
            }
        case .lostAnswer: desks[index].seat.fail(after: true)
        case .refusedCall: desks[index].seat.fail(after: false)
        case .clockForward: clock.value = clock.value + .seconds(Double.random(in: 60...2_400, using: &random))
        case .clockBack: clock.value = clock.value + .seconds(-Double.random(in: 1...2_400, using: &random))
        }
    }

    /// Rounds of one beat, until nothing more is due at this moment.
    private func round(_ index: Int) async throws {
        if let until = desks[index].pausedUntil {
            // A clock that was set back does not keep it down.
            guard until <= clock.value || until > clock.value + .seconds(3_600) else { return }
            desks[index].pausedUntil = nil
        }
        let desk = desks[index]
        let began = clock.value
        var isWhole = true
        for _ in 0..<20 {
            do {
                guard try await desk.beat.round(desk.seat) <= clock.value else { break }
            } catch is FaultySeat.Failed {
                isWhole = false
            }
        }
        guard await desk.beat.isLeading == true else { return }
        if clock.value != began || desk.seat.hadTrouble { isWhole = false }
        desk.seat.hadTrouble = false
        let reached = max(clock.value, began)
        guard reached > frontier else { return }
        stretches.append(Stretch(after: frontier.seconds, through: reached.seconds, isWhole: isWhole))
        frontier = reached
    }

    /// Takes what was sent, as workers do.
    private func collect() async throws {
        while case let deliveries = try await collector.take(1_000), !deliveries.isEmpty {
            for message in deliveries.map(\.message) {
                let due = ISO8601.timestamp(message.headers["beat_due"]?.stringValue ?? "")?.seconds ?? .nan
                sent[message.headers["beat_entry"]?.stringValue ?? "", default: []].append(due)
            }
            _ = try await collector.settle(deliveries.map { Outcome(handle: $0.handle, results: []) })
        }
    }
}

/// The seat of a beat to which things happen.
final class FaultySeat: BeatSeat {
    struct Failed: Error {}

    private let inner: any BeatSeat
    private let failure = Mutable<Bool?>(nil)
    private let hook = Mutable<Hook?>(nil)
    private let trouble = Mutable(false)

    /// Runs within the only task of the test.
    private struct Hook: @unchecked Sendable {
        // Called by the beat that this test waits for, so by nobody at the same time.
        let body: () async throws -> Void
    }

    init(_ inner: any BeatSeat) { self.inner = inner }

    var renewalInterval: Duration { inner.renewalInterval }

    var hadTrouble: Bool {
        get { trouble.value }
        set { trouble.value = newValue }
    }

    /// The next sending fails, before or after it was done.
    func fail(after: Bool) { failure.value = after }

    func beforeSend(_ body: @escaping () async throws -> Void) { hook.value = Hook(body: body) }

    func lead() async throws -> BeatState? { try await inner.lead() }

    func send(_ messages: [Message], writing records: [EntryRecord], settling commands: [Int64]) async throws -> Bool {
        if let hook = hook.value {
            self.hook.value = nil
            hadTrouble = true
            try await hook.body()
        }
        let failure = failure.value
        self.failure.value = nil
        if failure != nil { hadTrouble = true }
        if failure == false { throw Failed() }
        let isLeader = try await inner.send(messages, writing: records, settling: commands)
        if failure == true { throw Failed() }
        if !isLeader { hadTrouble = true }
        return isLeader
    }

    func waitForChange(until deadline: ContinuousClock.Instant) async {}
    func close() async { await inner.close() }
}
