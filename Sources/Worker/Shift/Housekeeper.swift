import CeleryCore
import Processes

/// Renews the worker's lease, kills processes that dead workers left running, drops expired results, and shrinks the
/// database in idle times.
final class Housekeeper {
    private let powers: ConsumerPowers
    private let jobs: JobBook
    private let intake: Intake
    private let gate: LimitGate
    private let slots: SlotLedger
    private let builtins: BuiltinRunner
    private let ladder: ShutdownLadder
    private let log: TaskLog

    /// How often to look for orphaned processes and expired results.
    private static let cleanupInterval: Duration = .seconds(60)
    /// How often to renew concurrency slots when the broker has no leases.
    private static let renewalInterval: Duration = .seconds(5)

    init(
        _ powers: ConsumerPowers, _ jobs: JobBook, _ intake: Intake, _ gate: LimitGate, _ slots: SlotLedger, _ builtins: BuiltinRunner,
        _ ladder: ShutdownLadder, _ log: TaskLog
    ) {
        self.powers = powers
        self.jobs = jobs
        self.intake = intake
        self.ladder = ladder
        self.gate = gate
        self.slots = slots
        self.builtins = builtins
        self.log = log
    }

    /// Runs until it is cancelled or the worker cannot go on.
    ///
    /// - Returns: Why the worker cannot go on; `nil` after cancellation.
    nonisolated(nonsending) func run() async -> (any Error)? {
        var nextCleanup = ContinuousClock.now
        var mayHaveOrphans = false
        var spaceClock = SpaceClock()
        while !Task.isCancelled {
            if let failure = ladder.failure { return failure }
            do {
                for (worker, messages) in try await powers.leases?.renewLease() ?? [] where messages > 0 {
                    log.tookOver(worker, messages)
                    mayHaveOrphans = true
                }
            } catch {
                if ladder.note(ifFatal: error) { continue }
                if !Task.isCancelled { log.brokerTrouble("cannot renew the lease", error) }
            }
            await gate.leaveSlots()
            await slots.renew()
            if mayHaveOrphans || nextCleanup <= .now {
                mayHaveOrphans = false
                log.killed(orphans: Orphans.kill())
            }
            if nextCleanup <= .now {
                nextCleanup = .now + Self.cleanupInterval
                do {
                    try await builtins.dropExpiredResults()
                } catch {
                    if ladder.note(ifFatal: error) { continue }
                    if !Task.isCancelled { log.brokerTrouble("cannot drop expired results", error) }
                }
            }
            await returnSpace(&spaceClock)
            await ladder.pause(powers.leases?.leaseRenewalInterval ?? Self.renewalInterval)
        }
        return nil
    }

    // MARK: Space

    /// When an idle worker returns unused space to the file system.
    private struct SpaceClock {
        var next = ContinuousClock.now + Housekeeper.idleTime
        /// The intake's count of deliveries at the last look. A higher count means that the worker is not idle.
        var taken = 0
    }

    /// Idle time before space is returned.
    private static let idleTime: Duration = .seconds(10)
    /// How long one step may take.
    private static let spacePatience: Duration = .milliseconds(250)

    private nonisolated(nonsending) func returnSpace(_ clock: inout SpaceClock) async {
        guard let space = powers.space else { return }
        if !jobs.isEmpty || intake.taken != clock.taken { clock = SpaceClock(taken: intake.taken) }
        guard clock.next <= .now, !ladder.hasBegun else { return }
        do {
            // Space freed later, by work or expired results, can wait for the next cleanup.
            if try await !space.returnSpace(within: Self.spacePatience) { clock.next = .now + Self.cleanupInterval }
        } catch {
            if ladder.note(ifFatal: error) || Task.isCancelled { return }
            log.brokerTrouble("cannot shrink the database", error)
            clock.next = .now + Self.cleanupInterval
        }
    }
}
