import CeleryCore
import Processes

/// Keeps the lease of the worker, ends what dead workers left running, and drops results whose time is over.
final class Housekeeper {
    private let powers: ConsumerPowers
    private let gate: LimitGate
    private let slots: SlotLedger
    private let builtins: BuiltinRunner
    private let log: TaskLog

    /// How often processes and results that nobody needs are looked for.
    private static let cleanupInterval: Duration = .seconds(60)
    /// How often slots are renewed where there is no lease.
    private static let renewalInterval: Duration = .seconds(5)

    init(_ powers: ConsumerPowers, _ gate: LimitGate, _ slots: SlotLedger, _ builtins: BuiltinRunner, _ log: TaskLog) {
        self.powers = powers
        self.gate = gate
        self.slots = slots
        self.builtins = builtins
        self.log = log
    }

    /// Does so until it is cancelled.
    ///
    /// - Returns: why the worker cannot go on, if that is why it ended.
    nonisolated(nonsending) func run() async -> WorkerError? {
        var nextCleanup = ContinuousClock.now
        var mayHaveOrphans = false
        while !Task.isCancelled {
            do {
                for (worker, messages) in try await powers.leases?.renewLease() ?? [] where messages > 0 {
                    log.tookOver(worker, messages)
                    mayHaveOrphans = true
                }
            } catch let error as DriverError where error.code == .unusable {
                return WorkerError(description: "\(error)")
            } catch {
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
                    if !Task.isCancelled { log.brokerTrouble("cannot drop expired results", error) }
                }
            }
            try? await Task.sleep(for: powers.leases?.leaseRenewalInterval ?? Self.renewalInterval)
        }
        return nil
    }
}
