import Wire

/// Tasks that Python's clients and beats take for granted, and that the worker does itself:
/// they take no place in the pool.
enum BuiltinTask: Sendable, Equatable {
    /// Waits for the header of a chord, and sends its body.
    case chordUnlock
    /// Drops expired results.
    case backendCleanup

    init?(name: String) {
        switch name {
        case ChordUnlock.task: self = .chordUnlock
        // The original's name is the second one.
        case "celery.backend_cleanup", "celery.delete_expired_task_meta": self = .backendCleanup
        default: return nil
        }
    }
}

extension BuiltinTask {
    /// The names under which Python knows them.
    static let allNames = ["celery.backend_cleanup", ChordUnlock.task]
}
