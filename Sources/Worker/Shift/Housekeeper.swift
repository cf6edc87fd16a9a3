import CeleryCore
import Processes

/// Renews the worker's lease, kills processes that dead workers left running, drops expired results, and in idle times
/// shrinks the database and the worker itself.
final class Housekeeper {
    private let parts: ShiftParts
    private let intake: Intake
    private let gate: LimitGate
    private let slots: SlotLedger
    private let builtins: BuiltinRunner

    /// How often to look for orphaned processes and expired results.
    private static let cleanupInterval: Duration = .seconds(60)
    /// How long expired results are dropped without a renewal of the lease in between.
    private static let cleanupPatience: Duration = .seconds(1)
    /// How often to renew concurrency slots when the broker has no leases.
    private static let renewalInterval: Duration = .seconds(5)

    init(_ parts: ShiftParts, _ intake: Intake, _ gate: LimitGate, _ slots: SlotLedger, _ builtins: BuiltinRunner) {
        self.parts = parts
        self.intake = intake
        self.gate = gate
        self.slots = slots
        self.builtins = builtins
    }

    /// Runs until it is cancelled or the worker cannot go on.
    ///
    /// - Returns: Why the worker cannot go on; `nil` after cancellation.
    nonisolated(nonsending) func run() async -> (any Error)? {
        var nextCleanup = ContinuousClock.now
        var mayHaveOrphans = false
        // A cleanup that took too long for one round goes on in the next.
        var isCleaning = false
        var spaceClock = SpaceClock()
        // What served to start is not needed again.
        RestingMemory.giveBack()
        while !Task.isCancelled {
            if let failure = parts.ladder.failure { return failure }
            do {
                for (worker, messages) in try await parts.powers.leases?.renewLease() ?? [] where messages > 0 {
                    parts.log.tookOver(worker, messages)
                    parts.watchers.tellLoss(of: worker, messages: messages)
                    mayHaveOrphans = true
                }
            } catch {
                if parts.ladder.note(ifFatal: error) { continue }
                if !Task.isCancelled { parts.log.brokerTrouble("cannot renew the lease", error) }
            }
            await gate.leaveSlots()
            await slots.renew()
            if mayHaveOrphans || nextCleanup <= .now && !isCleaning {
                mayHaveOrphans = false
                parts.log.killed(orphans: Orphans.kill())
            }
            if nextCleanup <= .now {
                nextCleanup = .now + Self.cleanupInterval
                do {
                    isCleaning = try await !builtins.dropExpiredResults(within: Self.cleanupPatience)
                    if isCleaning { nextCleanup = .now }
                } catch {
                    isCleaning = false
                    if parts.ladder.note(ifFatal: error) { continue }
                    if !Task.isCancelled { parts.log.brokerTrouble("cannot drop expired results", error) }
                }
            }
            await returnSpace(&spaceClock)
            if !isCleaning { await parts.ladder.pause(parts.powers.leases?.leaseRenewalInterval ?? Self.renewalInterval) }
        }
        return nil
    }

    // MARK: Memory and space

    /// When an idle worker returns unused memory to the kernel, and unused space to the file system.
    private struct SpaceClock {
        var next = ContinuousClock.now + Housekeeper.idleTime
        /// Whether the worker's memory was returned since it became idle.
        var isAtRest = false
        /// The intake's count of deliveries at the last look. A higher count means that the worker is not idle.
        var taken = 0
    }

    /// Idle time before space is returned.
    private static let idleTime: Duration = .seconds(10)
    /// How long one step may take.
    private static let spacePatience: Duration = .milliseconds(250)

    private nonisolated(nonsending) func returnSpace(_ clock: inout SpaceClock) async {
        if !parts.jobs.isEmpty || intake.taken != clock.taken { clock = SpaceClock(taken: intake.taken) }
        guard clock.next <= .now, !parts.ladder.hasBegun else { return }
        if !clock.isAtRest {
            RestingMemory.giveBack()
            clock.isAtRest = true
        }
        guard let space = parts.powers.space else { return }
        do {
            // Space freed later, by work or expired results, can wait for the next cleanup.
            if try await !space.returnSpace(within: Self.spacePatience) { clock.next = .now + Self.cleanupInterval }
        } catch {
            if parts.ladder.note(ifFatal: error) || Task.isCancelled { return }
            parts.log.brokerTrouble("cannot shrink the database", error)
            clock.next = .now + Self.cleanupInterval
        }
    }
}
