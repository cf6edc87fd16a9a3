import CeleryCore
import Wire

/// Tasks that every worker has: those that Python's clients and beats expect, and the probe. The worker runs them itself, without a pool slot.
enum BuiltinTask: Sendable, Equatable {
    /// Waits for the header tasks of a chord, then sends the body.
    case chordUnlock
    /// Deletes expired results.
    case backendCleanup
    /// Notes that it has arrived, and leaves no result.
    case probe

    init?(name: String) {
        switch name {
        case ChordUnlock.task: self = .chordUnlock
        // The second name is the original's.
        case "celery.backend_cleanup", "celery.delete_expired_task_meta": self = .backendCleanup
        case Probe.task: self = .probe
        default: return nil
        }
    }
}

extension BuiltinTask {
    /// The names in current versions of Python's Celery.
    static let allNames = ["celery.backend_cleanup", ChordUnlock.task]
}
