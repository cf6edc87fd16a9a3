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
        case "celery.backend_cleanup": self = .backendCleanup
        default: return nil
        }
    }
}
