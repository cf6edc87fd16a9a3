import CeleryCore
import Synchronization

/// The probes that this worker has consumed lately.
final class ProbeBook: Sendable {
    private let seen = Mutex<[(id: TaskID, time: Timestamp)]>([])

    /// Anybody may send probes.
    private static let most = 500

    init() {}

    func note(_ id: TaskID, at time: Timestamp) {
        seen.withLock { seen in
            if seen.count >= Self.most { seen.removeFirst(Self.most / 2) }
            seen.append((id, time))
        }
    }

    /// When a probe was consumed; `nil` if it was not.
    func time(of id: TaskID) -> Timestamp? { seen.withLock { $0.last { $0.id == id }?.time } }
}
