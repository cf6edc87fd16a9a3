import CeleryCore
import Synchronization

/// Records outcomes and requeues messages, with retries until success.
///
/// A full disk or an unreachable broker must lose nothing, and one queue that accepts no messages, such as a quorum queue
/// without a leader, must not block the tasks of all other queues. So a loop waits only a moment for a record; afterwards
/// the recorder retries in the background.
final class Recorder: Sendable {
    /// How long a loop waits for a record before it goes on.
    private static let patience: Duration = .seconds(1)
    /// How long a loop waits while another record is already slow.
    private static let shortPatience: Duration = .milliseconds(20)
    /// How long a message that has come again waits for the outcome of its task.
    private static let repeatPatience = Backoff.working.longest + .seconds(1)
    /// How often such a wait looks whether the worker stops.
    private static let glance: Duration = .milliseconds(500)
    /// With this many outcomes recorded in the background, the worker takes no more deliveries.
    static let slowLimit = 500
    /// How long a cold shutdown waits for outcomes recorded in the background.
    private static let coldPatience: Duration = .seconds(2)

    private let consumer: any BrokerConsumer
    /// Settles deliveries leased to this worker.
    private let leased: any Settler
    /// Settles jobs that were acknowledged before they ran: there is no lease to end.
    private let acknowledged: AcknowledgedSettler
    private let ladder: ShutdownLadder
    private let log: TaskLog
    /// How long a stopping worker retries without success.
    private let stoppingPatience: Duration
    /// Rings when a finished record frees capacity.
    private let room: Bell
    private let intakeWait: IntakeWait
    private let state = Mutex(State())
    /// Rings when outcomes have been recorded, or were given up.
    private let settled = Bell()

    private struct State {
        var lastSuccess = ContinuousClock.now
        var recordings: [Int: Recording] = [:]
        var lastNumber = 0
        /// The tasks whose outcomes are expected or being recorded, with how many of each.
        var open: [TaskID: Int] = [:]

        var slowCount: Int { recordings.values.reduce(0) { $0 + ($1.isSlow ? $1.outcomes.count : 0) } }
    }

    /// Outcomes being recorded, in a separate task.
    private struct Recording {
        var outcomes: [Outcome]
        /// Settles the outcomes. Cancelled only when the outcomes are given up.
        var work: Task<Void, Never>?
        /// Whether the loops no longer wait for the record.
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
            leased = OrderedSettler(records: records, powers: powers)
        }
        acknowledged = AcknowledgedSettler(records: records, mayGiveUp: leased.mayGiveUp)
        self.ladder = ladder
        self.log = log
        self.stoppingPatience = stoppingPatience
        self.room = room
        self.intakeWait = intakeWait
    }

    /// The number of outcomes being recorded in the background.
    var slowCount: Int { state.withLock { $0.slowCount } }

    /// Whether outcomes are about to be recorded, so that messages may follow. Not while any record is slow: a queue that takes nothing
    /// must not keep a burst worker for ever.
    var isBusy: Bool { state.withLock { !$0.open.isEmpty && $0.slowCount == 0 } }

    // MARK: Outcomes

    /// Records the outcomes of jobs: leased deliveries first, then acknowledged ones.
    nonisolated(nonsending) func record(_ endings: Endings) async {
        await record(endings.leased, by: leased)
        await record(endings.acknowledged, by: acknowledged)
    }

    /// Records outcomes of leased deliveries.
    nonisolated(nonsending) func record(_ outcomes: [Outcome]) async { await record(outcomes, by: leased) }

    /// Records outcomes, with retries until success. Waits a moment; then the record continues in the background.
    private nonisolated(nonsending) func record(_ outcomes: [Outcome], by settler: any Settler) async {
        guard !outcomes.isEmpty else { return }
        // When one file stores everything, a problem with one outcome affects all, so recording in the background gains
        // nothing. The same is true of acknowledgements and of results.
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
        let tasks = outcomes.compactMap { $0.results.last?.id }
        expectOutcomes(of: tasks)
        let work = Task {
            await settle(outcomes, by: settler)
            state.withLock { $0.recordings[number] = nil }
            endOutcomes(of: tasks)
            done.ring()
            room.ring()
        }
        state.withLock { $0.recordings[number]?.work = work }
        await done.wait(since: 0, until: .now + (isHurried ? Self.shortPatience : Self.patience))
        state.withLock { $0.recordings[number]?.isSlow = true }
    }

    /// Settles outcomes of leased deliveries, and waits for the end.
    ///
    /// - Returns: The settlement, with late and unsettled outcomes.
    @discardableResult
    nonisolated(nonsending) func settle(_ outcomes: [Outcome]) async -> Settlement { await settle(outcomes, by: leased) }

    /// Settles outcomes of acknowledged deliveries, and waits for the end.
    ///
    /// - Returns: The settlement, with late and unsettled outcomes.
    @discardableResult
    nonisolated(nonsending) func settle(acknowledged outcomes: [Outcome]) async -> Settlement {
        await settle(outcomes, by: acknowledged)
    }

    /// Settles outcomes, with retries until success.
    ///
    /// When broker and store are separate, a stopping worker gives up after `stoppingPatience`: the broker redelivers leased
    /// messages, and nothing was promised for messages acknowledged early.
    @discardableResult
    private nonisolated(nonsending) func settle(_ outcomes: [Outcome], by settler: any Settler) async -> Settlement {
        var settlement = Settlement(outcomes)
        guard !outcomes.isEmpty else { return settlement }
        let tasks = outcomes.compactMap { $0.results.last?.id }
        expectOutcomes(of: tasks)
        defer { endOutcomes(of: tasks) }
        var backoff = Backoff.working
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

    /// Notes that jobs of these tasks have ended, and that their outcomes are not recorded yet; `endOutcomes` says when they are.
    func expectOutcomes(of tasks: [TaskID]) {
        state.withLock { state in for id in tasks { state.open[id, default: 0] += 1 } }
    }

    /// Notes that the expected outcomes have been recorded or given up.
    func endOutcomes(of tasks: [TaskID]) {
        state.withLock { state in
            for id in tasks { state.open[id] = state.open[id].flatMap { $0 > 1 ? $0 - 1 : nil } }
        }
        settled.ring()
    }

    /// Waits until no outcome of these tasks is expected or being recorded: who looks up their results then finds the final ones.
    ///
    /// At most a little longer than the longest pause between two tries, and only a moment while a queue takes no messages, for that
    /// must not hold up the tasks of others. A worker that stops does not wait.
    nonisolated(nonsending) func waitForOutcomes(of tasks: [TaskID]) async {
        guard !tasks.isEmpty else { return }
        let start = ContinuousClock.now
        while !Task.isCancelled, !ladder.hasBegun {
            let seen = settled.count
            let (isOpen, isSlow) = state.withLock { state in (tasks.contains { state.open[$0] != nil }, state.slowCount > 0) }
            let deadline = start + (isSlow ? Self.patience : Self.repeatPatience)
            guard isOpen, deadline > .now else { return }
            await settled.wait(since: seen, until: min(deadline, .now + Self.glance))
        }
    }

    /// Whether the worker is stopping and nothing could be recorded for `stoppingPatience`.
    private var isHopeless: Bool {
        guard ladder.hasBegun, leased.mayGiveUp else { return false }
        return max(state.withLock { $0.lastSuccess }, ladder.since) + stoppingPatience <= .now
    }

    /// Waits for records in the background after the pool has ended, and gives up records that take too long.
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

    // MARK: Requeued messages

    /// How far the execution of a requeued message came.
    enum Return {
        /// No child began it.
        case unbegun
        /// The task was running. With `isCrash`, the task may have caused the death of its child.
        case begun(isCrash: Bool)

        fileprivate var hasBegun: Bool { if case .begun = self { true } else { false } }
    }

    /// Requeues messages, with retries until success: while this worker holds its lease, no other worker can get them.
    ///
    /// - Returns: The error if the broker refuses the messages for good; only for messages that had begun.
    @discardableResult
    nonisolated(nonsending) func giveBack(_ handles: [DeliveryHandle], _ how: Return) async -> DriverError? {
        guard !handles.isEmpty else { return nil }
        var backoff = Backoff.working
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
                log.brokerTrouble("cannot requeue \(handles.count) message\(handles.count == 1 ? "" : "s")", error)
                // The broker requeues the messages when the consumer closes or the lease ends.
                if ladder.note(ifFatal: error) || ladder.step == .cold || isHopeless { return nil }
                await ladder.pause(backoff.next())
            }
        }
    }
}
