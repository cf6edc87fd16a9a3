import Wire

/// Tasks that Python's clients and beats expect in every worker. The worker runs them itself, without a pool slot.
enum BuiltinTask: Sendable, Equatable {
    /// Waits for the header tasks of a chord, then sends the body.
    case chordUnlock
    /// Deletes expired results.
    case backendCleanup

    init?(name: String) {
        switch name {
        case ChordUnlock.task: self = .chordUnlock
        // The second name is the original's.
        case "celery.backend_cleanup", "celery.delete_expired_task_meta": self = .backendCleanup
        default: return nil
        }
    }
}

extension BuiltinTask {
    /// The names in current versions of Python's Celery.
    static let allNames = ["celery.backend_cleanup", ChordUnlock.task]
}
