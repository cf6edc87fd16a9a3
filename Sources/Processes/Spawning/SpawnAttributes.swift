import CLinux
import Glibc

/// Attributes of all spawned programs, prepared once: an empty signal mask and default actions.
///
/// This process blocks signals and ignores SIGPIPE; programs would otherwise inherit both.
///
/// Unchecked, because the memory is written only in `init`, and posix_spawn only reads it.
final class SpawnAttributes: @unchecked Sendable {
    let pointer: UnsafeMutablePointer<posix_spawnattr_t>

    static let sameGroup = SpawnAttributes(flags: 0)
    static let newGroup = SpawnAttributes(flags: POSIX_SPAWN_SETPGROUP)
    static let newSession = SpawnAttributes(flags: POSIX_SPAWN_SETSID)

    /// The corresponding C functions are `posix_spawnattr_init`, `_setflags`, `_setsigmask`, `_setsigdefault`.
    /// None of them can fail with these arguments.
    private init(flags: Int32) {
        pointer = .allocate(capacity: 1)
        posix_spawnattr_init(pointer)
        var empty = sigset_t([])
        posix_spawnattr_setsigmask(pointer, &empty)
        // The standard signals only: nothing ignores real-time signals, and each signal costs a system call.
        var all = sigset_t((1...31).filter { $0 != SIGKILL && $0 != SIGSTOP })
        posix_spawnattr_setsigdefault(pointer, &all)
        posix_spawnattr_setflags(pointer, Int16(flags | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
    }

    deinit {
        posix_spawnattr_destroy(pointer)
        pointer.deallocate()
    }
}
