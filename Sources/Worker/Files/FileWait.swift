import CeleryCore
import Tasks

/// Deliveries that wait for the files of their tasks.
///
/// A message waits while the file of its task is changing, while a file that may be its task comes to rest, and for a few
/// seconds after its task has vanished; see `TaskFiles`. So a message sent right after its file was written always finds
/// the task, with the options of that file.
final class FileWait {
    private let parts: ShiftParts
    private(set) var held: [Delivery] = []

    /// The maximum number of held deliveries, beyond which the worker takes no others. One batch may pass it.
    private static let room = 200

    init(_ parts: ShiftParts) { self.parts = parts }

    /// Whether no more deliveries should be taken.
    var isFull: Bool { held.count >= Self.room }

    /// Returns the deliveries that need not wait, and holds the others.
    func pass(_ deliveries: [Delivery]) -> [Delivery] {
        guard parts.registry.files != nil, !areAllCurrent(deliveries) else { return deliveries }
        look()
        let staying = stillWaiting(deliveries)
        guard !staying.isEmpty else { return deliveries }
        hold(deliveries.filter { staying.contains($0.handle) })
        return deliveries.filter { !staying.contains($0.handle) }
    }

    /// Holds deliveries until the files of their tasks are at rest. A redelivery replaces the delivery held before.
    func hold(_ deliveries: [Delivery]) {
        guard !deliveries.isEmpty else { return }
        let ids = Set(deliveries.map(\.message.id))
        held.removeAll { ids.contains($0.message.id) }
        held += deliveries
    }

    /// Removes and returns up to `maximum` deliveries whose wait is over.
    func release(_ maximum: Int) -> [Delivery] {
        guard !held.isEmpty else { return [] }
        if parts.registry.files?.nextLook.map({ $0 <= parts.now() }) ?? true { look() }
        let staying = stillWaiting(held)
        guard staying.count < held.count else { return [] }
        let free = held.filter { !staying.contains($0.handle) }.prefix(maximum)
        let leaving = Set(free.map(\.handle))
        held.removeAll { leaving.contains($0.handle) }
        return Array(free)
    }

    /// Removes and returns held deliveries that match.
    func pop(where matches: (Delivery) -> Bool) -> [Delivery] {
        defer { held.removeAll(where: matches) }
        return held.filter(matches)
    }

    /// Whether the tasks of all deliveries are as they were read. A batch seldom has many tasks, so each is looked at once.
    private func areAllCurrent(_ deliveries: [Delivery]) -> Bool {
        var (name, isCurrent) = ("", false)
        return deliveries.allSatisfy { delivery in
            if delivery.message.task != name {
                name = delivery.message.task
                isCurrent = parts.registry.files?.standing(of: name) ?? .current == .current
            }
            return isCurrent || !mayWait(delivery)
        }
    }

    /// Whether the file of a delivery matters: an unreadable message, or one for a task of the worker itself, has none.
    private func mayWait(_ delivery: Delivery) -> Bool {
        delivery.defect == nil && BuiltinTask(name: delivery.message.task) == nil
    }

    private func stillWaiting(_ deliveries: [Delivery]) -> Set<DeliveryHandle> {
        var standings: [String: TaskFiles.Standing] = [:]
        return Set(
            deliveries.filter { delivery in
                let name = delivery.message.task
                let standing = standings[name] ?? parts.registry.files?.standing(of: name) ?? .current
                standings[name] = standing
                return standing == .changing && mayWait(delivery)
            }.map(\.handle))
    }

    private func look() {
        parts.registry.look(now: parts.now())
        parts.registry.bell.ring()
    }
}
