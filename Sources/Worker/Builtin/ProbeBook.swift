import CeleryCore
import Synchronization

/// The probes that this worker has consumed lately, and the visits of doctors that are under way.
final class ProbeBook: Sendable {
    private struct State {
        var seen: [(id: TaskID, time: Timestamp)] = []
        var visits: Set<String> = []
    }

    private let state = Mutex(State())

    /// Anybody may send probes.
    private static let mostSeen = 500
    private static let mostVisits = 100

    init() {}

    func note(_ id: TaskID, at time: Timestamp) {
        state.withLock { state in
            if state.seen.count >= Self.mostSeen { state.seen.removeFirst(Self.mostSeen / 2) }
            state.seen.append((id, time))
        }
    }

    /// When a probe was consumed; `nil` if it was not.
    func time(of id: TaskID) -> Timestamp? { state.withLock { $0.seen.last { $0.id == id }?.time } }

    /// - Returns: `false` if there are too many visits.
    func begin(_ visit: String) -> Bool {
        state.withLock { state in
            guard state.visits.count < Self.mostVisits else { return false }
            state.visits.insert(visit)
            return true
        }
    }

    /// - Returns: Whether the visit was under way.
    @discardableResult
    func end(_ visit: String) -> Bool { state.withLock { $0.visits.remove(visit) != nil } }

    var hasVisits: Bool { state.withLock { !$0.visits.isEmpty } }
}
