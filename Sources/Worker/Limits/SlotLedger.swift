import CeleryCore

/// The concurrency slots of this worker that outlive a delivery.
///
/// Most slots end with their delivery. Slots of tasks that are acknowledged before they run, and slots that a result
/// store keeps beside a broker that keeps none, are left when their jobs have left the pool.
final class SlotLedger {
    /// How far the task of a slot has come.
    private enum Progress {
        /// Its delivery may still become a job.
        case admitting
        /// It has become a job, or never will.
        case admitted
    }

    /// A worker that is gone keeps its slots this long. They are renewed about three times as often.
    private static let lease: Duration = .seconds(15)
    /// Seconds between two questions for a slot that others have.
    private static let lookInterval = 0.5
    /// Seconds until the next try when the store cannot be asked.
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

    /// Notes that the broker keeps the slot of a delivery that is acknowledged before its task runs.
    func keep(_ handle: DeliveryHandle) { slots[handle] = .admitting }

    /// Asks the store for slots.
    ///
    /// - Returns: for each delivery whether it got one, and the seconds after which to ask for the others again.
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
            log.brokerTrouble("cannot ask for concurrency slots of tasks", error)
            return (claims.map { _ in false }, Self.pause)
        }
    }

    /// The tasks that have the slots of a limit, here and with other workers; `nil` where each worker counts by itself.
    nonisolated(nonsending) func holders(of limit: TaskLimit) async -> [TaskID]? {
        try? await powers.slots?.holders(of: limit.task, key: limit.key)
    }

    /// Frees the slots that are over. What goes wrong is tried again after the next end, or a while.
    ///
    /// - Parameters:
    ///   - used: the slots of jobs.
    ///   - haveAdmitted: whether all deliveries that had a slot have become jobs, or never will.
    /// - Returns: whether the store has a slot more for others.
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
            log.brokerTrouble("cannot free concurrency slots of tasks", error)
            for handle in left { slots[handle] = .admitted }
        }
        return false
    }

    /// Renews the lease of the slots that the store keeps.
    nonisolated(nonsending) func renew() async {
        guard !slots.isEmpty, let keeper = powers.slots else { return }
        do {
            try await keeper.renewSlots(of: worker, for: Self.lease)
        } catch {
            if !Task.isCancelled { log.brokerTrouble("cannot keep the concurrency slots of tasks", error) }
        }
    }

    /// Frees all slots that the store keeps, when the worker ends.
    nonisolated(nonsending) func leaveAll() async {
        guard !slots.isEmpty, let keeper = powers.slots else { return }
        try? await keeper.leaveSlots(nil, of: worker)
    }
}
