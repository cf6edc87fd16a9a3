import CeleryCore

/// The concurrency slots of this worker that do not end with a delivery.
///
/// Two kinds of slots are released only when their jobs have left the pool: slots of tasks acknowledged before they run, and
/// slots that the result store counts for a broker without limits. All other slots end with their delivery.
final class SlotLedger {
    /// The progress of a slot's task.
    private enum Progress {
        /// The delivery may still become a job.
        case admitting
        /// The delivery has become a job, or never will.
        case admitted
    }

    /// A dead worker keeps its slots this long. Slots are renewed about three times in this time.
    private static let lease: Duration = .seconds(15)
    /// Seconds between two claims of a slot that other workers hold.
    private static let lookInterval = 0.5
    /// Seconds until the next claim when the store cannot be reached.
    private static let pause = 5.0

    private let powers: ConsumerPowers
    /// The identity of this worker.
    private let worker: String
    private let log: TaskLog
    private var slots: [DeliveryHandle: Progress] = [:]

    init(_ powers: ConsumerPowers, worker: String, _ log: TaskLog) {
        self.powers = powers
        self.worker = worker
        self.log = log
    }

    private static func holder(_ handle: DeliveryHandle) -> String { "\(handle.tag).\(handle.attempt)" }

    /// Notes that the broker holds the slot of a delivery that is acknowledged before its task runs.
    func keep(_ handle: DeliveryHandle) { slots[handle] = .admitting }

    /// Claims slots in the store.
    ///
    /// - Returns: For each delivery, whether it got a slot; and the seconds after which to claim the others again.
    nonisolated(nonsending) func claim(_ asked: [(delivery: Delivery, limit: TaskLimit)]) async -> (answers: [Bool], look: Double) {
        guard let keeper = powers.slots else { return (asked.map { _ in true }, 0) }
        let claims = asked.map { delivery, limit in
            SlotClaim(
                holder: Self.holder(delivery.handle), id: delivery.message.id, task: limit.task, key: limit.key,
                slots: limit.slots ?? 1)
        }
        do {
            let answers = try await keeper.claim(claims, by: worker, for: Self.lease)
            for (delivery, _) in zip(asked, answers).compactMap({ $1 ? $0 : nil }) { slots[delivery.handle] = .admitting }
            return (answers, Self.lookInterval)
        } catch {
            log.brokerTrouble("cannot claim concurrency slots", error)
            return (claims.map { _ in false }, Self.pause)
        }
    }

    /// The tasks that hold the slots of a limit in any worker; `nil` when each worker counts its own.
    nonisolated(nonsending) func holders(of limit: TaskLimit) async -> [TaskID]? {
        try? await powers.slots?.holders(of: limit.task, key: limit.key)
    }

    /// Releases slots whose jobs have ended. Failures are retried after the next job or the next lease renewal.
    ///
    /// - Parameters:
    ///   - used: The slots of jobs.
    ///   - haveAdmitted: Whether no delivery with a slot is still to become a job.
    /// - Returns: Whether slots became free in the store.
    nonisolated(nonsending) func leave(except used: Set<DeliveryHandle>, haveAdmitted: Bool) async -> Bool {
        guard !slots.isEmpty else { return false }
        if haveAdmitted { slots = slots.mapValues { _ in .admitted } }
        let left = slots.filter { $0.value == .admitted && !used.contains($0.key) }.map(\.key)
        guard !left.isEmpty else { return false }
        for handle in left { slots[handle] = nil }
        do {
            if let keeper = powers.limits {
                try await keeper.leaveSlots(left)
            } else if let keeper = powers.slots {
                try await keeper.leaveSlots(left.map(Self.holder), of: worker)
                return true
            }
        } catch {
            log.brokerTrouble("cannot release concurrency slots", error)
            for handle in left { slots[handle] = .admitted }
        }
        return false
    }

    /// Renews the lease of slots in the store.
    nonisolated(nonsending) func renew() async {
        guard !slots.isEmpty, let keeper = powers.slots else { return }
        do {
            try await keeper.renewSlots(of: worker, for: Self.lease)
        } catch {
            if !Task.isCancelled { log.brokerTrouble("cannot renew concurrency slots", error) }
        }
    }

    /// Releases all slots in the store when the worker ends.
    nonisolated(nonsending) func leaveAll() async {
        guard !slots.isEmpty, let keeper = powers.slots else { return }
        try? await keeper.leaveSlots(nil, of: worker)
    }
}
