import CLinux
import Glibc

/// The changes of descriptors and working folder in the child before exec.
struct SpawnFileActions: ~Copyable {
    var raw = posix_spawn_file_actions_t()

    /// The corresponding C function is `posix_spawn_file_actions_init`.
    init() {
        posix_spawn_file_actions_init(&raw)
    }

    deinit {
        // A local copy: `deinit` cannot take the address of a property.
        var raw = raw
        posix_spawn_file_actions_destroy(&raw)
    }

    /// The corresponding C functions are `posix_spawn_file_actions_addopen`, `_adddup2`, which also clears
    /// close-on-exec when both numbers are the same, `_addclose`, `_addclosefrom_np` and `_addchdir_np`.
    mutating func prepare(_ spawn: Spawn) throws(SystemError) {
        var moves: [DescriptorMoves.Move] = []
        let streams = [spawn.standardInput, spawn.standardOutput, spawn.standardError]
        for (target, stream) in zip(Int32(0)..., streams) {
            switch stream {
            case .inherit: break
            case .null: try open("/dev/null", O_RDWR, as: target)
            case .descriptor(let descriptor): moves.append((descriptor.number, target))
            }
        }
        for (target, descriptor) in spawn.inherited { moves.append((descriptor.number, target)) }
        for move in DescriptorMoves(moves).ordered { try check(posix_spawn_file_actions_adddup2(&raw, move.from, move.to)) }

        // Our descriptors are close-on-exec, but a C library's may not be. To close a number that is not open is no error here.
        let last = moves.reduce(2) { max($0, $1.to) }
        let targets = Set(moves.map(\.to))
        for gap in 3..<max(3, last) where !targets.contains(gap) { try check(posix_spawn_file_actions_addclose(&raw, gap)) }
        try check(posix_spawn_file_actions_addclosefrom_np(&raw, last + 1))
        if let directory = spawn.workingDirectory {
            try check(posix_spawn_file_actions_addchdir_np(&raw, directory))
        }
    }

    private mutating func open(_ path: String, _ flags: Int32, as target: Int32) throws(SystemError) {
        try check(posix_spawn_file_actions_addopen(&raw, target, path, flags, 0))
    }

    /// These calls fail only for lack of memory or a closed descriptor (-1).
    private func check(_ code: Int32) throws(SystemError) {
        try Syscall.checkNumber(code, "pass on descriptors")
    }
}
