import CeleryCore
import Synchronization

/// Records what tasks came to, and gives back what did not run, until it works.
///
/// A full disk or a broker that is away for a while must lose nothing; and what one queue does not take, as one without
/// a leader, must not hold up the tasks of all others. So a loop waits for a moment, and goes on while the recorder
/// tries again beside it.
final class Recorder: Sendable {
    /// A loop waits this long for a record; then it goes on.
    private static let patience: Duration = .seconds(1)
    /// The same while another record takes longer than that.
    private static let shortPatience: Duration = .milliseconds(20)
    /// While this many outcomes are recorded beside the loops, the worker takes nothing more.
    static let slowLimit = 500
    /// A cold shutdown waits this long for outcomes that are recorded beside it.
    private static let coldPatience: Duration = .seconds(2)

    private let consumer: any BrokerConsumer
    /// Settles deliveries that are leased to this worker.
    private let leased: any Settler
    /// Settles what was acknowledged before it ran: there is no lease to end.
    private let acknowledged: AcknowledgedSettler
    private let ladder: ShutdownLadder
    private let log: TaskLog
    /// How long a worker that is to stop tries in vain.
    private let stoppingPatience: Duration
    /// Rings when a record makes room for more work.
    private let room: Bell
    private let intakeWait: IntakeWait
    private let state = Mutex(State())

    private struct State {
        var lastSuccess = ContinuousClock.now
        var recordings: [Int: Recording] = [:]
        var lastNumber = 0

        var slowCount: Int { recordings.values.reduce(0) { $0 + ($1.isSlow ? $1.outcomes.count : 0) } }
    }

    /// Outcomes that are recorded beside the loops.
    private struct Recording {
        var outcomes: [Outcome]
        /// Settles them. It is cancelled only when they are given up.
        var work: Task<Void, Never>?
        /// Whether it takes so long that no loop waits for it.
        var isSlow = false
    }

    init(
        _ powers: ConsumerPowers, _ records: Records, stoppingPatience: Duration, ladder: ShutdownLadder, log: TaskLog, room: Bell,
        intakeWait: IntakeWait
    ) {
        consumer = powers.consumer
        if let atomic = powers.atomic {
            leased = AtomicSettler(consumer: atomic, refusals: records.refusals)
        } else {
            leased = OrderedSettler(records: records, consumer: powers.consumer)
        }
        acknowledged = AcknowledgedSettler(records: records, mayGiveUp: leased.mayGiveUp)
        self.ladder = ladder
        self.log = log
        self.stoppingPatience = stoppingPatience
        self.room = room
        self.intakeWait = intakeWait
    }

    /// How many outcomes are on their way that no loop waits for.
    var slowCount: Int { state.withLock { $0.slowCount } }

    // MARK: Outcomes

    /// Records how jobs ended, first of leased deliveries, then of acknowledged ones.
    nonisolated(nonsending) func record(_ endings: Endings) async {
        await record(endings.leased, by: leased)
        await record(endings.acknowledged, by: acknowledged)
    }

    /// Records outcomes of leased deliveries.
    nonisolated(nonsending) func record(_ outcomes: [Outcome]) async { await record(outcomes, by: leased) }

    /// Records outcomes, for a moment before all else and then beside it, until it works.
    private nonisolated(nonsending) func record(_ outcomes: [Outcome], by settler: any Settler) async {
        guard !outcomes.isEmpty else { return }
        // Where one file keeps everything, what holds up one of them holds up all; so does what holds up an
        // acknowledgement, or a result.
        guard settler.mayGiveUp, outcomes.contains(where: \.sendsMessages) else {
            await settle(outcomes, by: settler)
            return
        }
        let (number, isHurried) = state.withLock { state in
            state.lastNumber += 1
            state.recordings[state.lastNumber] = Recording(outcomes: outcomes)
            return (state.lastNumber, state.slowCount > 0)
        }
        let done = Bell()
        let work = Task {
            await settle(outcomes, by: settler)
            state.withLock { $0.recordings[number] = nil }
            done.ring()
            room.ring()
        }
        state.withLock { $0.recordings[number]?.work = work }
        await done.wait(since: 0, until: .now + (isHurried ? Self.shortPatience : Self.patience))
        state.withLock { $0.recordings[number]?.isSlow = true }
    }

    /// Settles outcomes of leased deliveries before anything else happens.
    ///
    /// - Returns: what became of them.
    @discardableResult
    nonisolated(nonsending) func settle(_ outcomes: [Outcome]) async -> Settlement { await settle(outcomes, by: leased) }

    /// Settles outcomes of acknowledged deliveries before anything else happens.
    ///
    /// - Returns: what became of them.
    @discardableResult
    nonisolated(nonsending) func settle(acknowledged outcomes: [Outcome]) async -> Settlement {
        await settle(outcomes, by: acknowledged)
    }

    /// Settles outcomes, trying again until it works.
    ///
    /// A worker that is to stop gives up where that loses nothing, or nothing that was promised.
    @discardableResult
    private nonisolated(nonsending) func settle(_ outcomes: [Outcome], by settler: any Settler) async -> Settlement {
        var settlement = Settlement(outcomes)
        guard !outcomes.isEmpty else { return settlement }
        var backoff = Backoff()
        while true {
            do {
                try await settler.settle(&settlement)
                state.withLock { $0.lastSuccess = .now }
                if settlement.takeUp() { continue }
                for outcome in settlement.late { log.fencedOff(outcome) }
                return settlement
            } catch {
                if Task.isCancelled { return settlement }
                let count = settlement.unsettled.count
                log.brokerTrouble("cannot record \(count) outcome\(count == 1 ? "" : "s")", error)
                if ladder.note(ifFatal: error) || ladder.step == .cold { return settlement }
                if isHopeless {
                    log.unrecorded(settlement.unsettled)
                    return settlement
                }
                if let error = error as? DriverError, settlement.setAside(waitingFor: error.unconfirmed) { continue }
                await ladder.pause(backoff.next())
            }
        }
    }

    /// Whether this worker is to stop, and has tried in vain for long enough.
    private var isHopeless: Bool {
        guard ladder.hasBegun, leased.mayGiveUp else { return false }
        return max(state.withLock { $0.lastSuccess }, ladder.since) + stoppingPatience <= .now
    }

    /// Waits for what is recorded beside, when the pool has gone, and gives up what takes too long.
    nonisolated(nonsending) func finish() async {
        let start = ContinuousClock.now
        while true {
            let seen = room.count
            // A cold shutdown may follow a warm one.
            let deadline = start + (ladder.step == .cold ? Self.coldPatience : stoppingPatience)
            guard state.withLock({ !$0.recordings.isEmpty }), deadline > .now else { break }
            await room.wait(since: seen, until: deadline)
        }
        let left = state.withLock { Array($0.recordings.values) }
        guard !left.isEmpty else { return }
        log.unrecorded(left.flatMap(\.outcomes))
        for recording in left { recording.work?.cancel() }
    }

    // MARK: Messages that did not run to their end

    /// How a message left its execution.
    enum Return {
        /// No child began it.
        case unbegun
        /// It was under way. With `isCrash` it may be what its child died of.
        case begun(isCrash: Bool)

        fileprivate var hasBegun: Bool { if case .begun = self { true } else { false } }
    }

    /// Gives messages back, trying again until it works: this worker keeps its lease, so nobody else would ever get them.
    ///
    /// - Returns: why the broker will never take them back, if so; asked of messages that had begun.
    @discardableResult
    nonisolated(nonsending) func giveBack(_ handles: [DeliveryHandle], _ how: Return) async -> DriverError? {
        guard !handles.isEmpty else { return nil }
        var backoff = Backoff()
        while true {
            do {
                switch how {
                case .unbegun: try await consumer.giveBack(handles, started: false)
                case .begun(isCrash: false): try await consumer.giveBack(handles, started: true)
                case .begun(isCrash: true): try await consumer.giveBack(crashed: handles)
                }
                // Giving messages back lowered our prefetch; ask again.
                intakeWait.end()
                return nil
            } catch let error as DriverError where error.isAboutRequest && how.hasBegun {
                return error
            } catch {
                log.brokerTrouble("cannot give back \(handles.count) message\(handles.count == 1 ? "" : "s")", error)
                // They go back when the consumer closes, or with the lease.
                if ladder.note(ifFatal: error) || ladder.step == .cold || isHopeless { return nil }
                await ladder.pause(backoff.next())
            }
        }
    }
}
