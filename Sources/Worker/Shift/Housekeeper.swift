import CeleryCore
import Processes

/// Keeps the lease of the worker, ends what dead workers left running, drops results whose time is over, and uses idle
/// times to make the database smaller.
final class Housekeeper {
    private let parts: ShiftParts
    private let intake: Intake
    private let gate: LimitGate
    private let slots: SlotLedger
    private let builtins: BuiltinRunner

    /// How often processes and results that nobody needs are looked for.
    private static let cleanupInterval: Duration = .seconds(60)
    /// How often slots are renewed where there is no lease.
    private static let renewalInterval: Duration = .seconds(5)

    init(_ parts: ShiftParts, _ intake: Intake, _ gate: LimitGate, _ slots: SlotLedger, _ builtins: BuiltinRunner) {
        self.parts = parts
        self.intake = intake
        self.gate = gate
        self.slots = slots
        self.builtins = builtins
    }

    /// Does so until it is cancelled.
    ///
    /// - Returns: why the worker cannot go on, if that is why it ended.
    nonisolated(nonsending) func run() async -> (any Error)? {
        var nextCleanup = ContinuousClock.now
        var mayHaveOrphans = false
        var spaceClock = SpaceClock()
        while !Task.isCancelled {
            if let failure = parts.ladder.failure { return failure }
            do {
                for (worker, messages) in try await parts.powers.leases?.renewLease() ?? [] where messages > 0 {
                    parts.log.tookOver(worker, messages)
                    mayHaveOrphans = true
                }
            } catch {
                if parts.ladder.note(ifFatal: error) { continue }
                if !Task.isCancelled { parts.log.brokerTrouble("cannot renew the lease", error) }
            }
            await gate.leaveSlots()
            await slots.renew()
            if mayHaveOrphans || nextCleanup <= .now {
                mayHaveOrphans = false
                parts.log.killed(orphans: Orphans.kill())
            }
            if nextCleanup <= .now {
                nextCleanup = .now + Self.cleanupInterval
                do {
                    try await builtins.dropExpiredResults()
                } catch {
                    if parts.ladder.note(ifFatal: error) { continue }
                    if !Task.isCancelled { parts.log.brokerTrouble("cannot drop expired results", error) }
                }
            }
            await returnSpace(&spaceClock)
            await parts.ladder.pause(parts.powers.leases?.leaseRenewalInterval ?? Self.renewalInterval)
        }
        return nil
    }

    // MARK: Space

    /// When a worker that has nothing to do gives unused space back to the file system.
    private struct SpaceClock {
        var next = ContinuousClock.now + Housekeeper.idleTime
        /// What was taken at the last look: more means that there is work.
        var taken = 0
    }

    /// Time without work after which space goes back.
    private static let idleTime: Duration = .seconds(10)
    /// How long that may take at a time.
    private static let spacePatience: Duration = .milliseconds(250)

    private nonisolated(nonsending) func returnSpace(_ clock: inout SpaceClock) async {
        guard let space = parts.powers.space else { return }
        if !parts.jobs.isEmpty || intake.taken != clock.taken { clock = SpaceClock(taken: intake.taken) }
        guard clock.next <= .now, !parts.ladder.hasBegun else { return }
        do {
            // What later work or expired results leave can wait for a while.
            if try await !space.returnSpace(within: Self.spacePatience) { clock.next = .now + Self.cleanupInterval }
        } catch {
            if parts.ladder.note(ifFatal: error) || Task.isCancelled { return }
            parts.log.brokerTrouble("cannot make the database smaller", error)
            clock.next = .now + Self.cleanupInterval
        }
    }
}
