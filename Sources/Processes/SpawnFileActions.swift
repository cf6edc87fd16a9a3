import CLinux
import Glibc

/// What the child does to its descriptors and folder between birth and execution.
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

    mutating func prepare(_ spawn: Spawn) throws(SystemError) {
        var moves: [(from: Int32, to: Int32)] = []
        let streams = [spawn.standardInput, spawn.standardOutput, spawn.standardError]
        for (target, stream) in zip(Int32(0)..., streams) {
            switch stream {
            case .inherit: break
            case .null: try open("/dev/null", O_RDWR, as: target)
            case .descriptor(let descriptor): moves.append((descriptor.number, target))
            }
        }
        for (target, descriptor) in spawn.inherited { moves.append((descriptor.number, target)) }
        try perform(moves)

        // Our descriptors are close-on-exec, but a C library's may not be. Descriptors are usually handed
        // on as 3, 4, ...; after a gap only what lies above the last is swept.
        let last = moves.reduce(2) { max($0, $1.to) }
        try check(posix_spawn_file_actions_addclosefrom_np(&raw, last + 1))
        if let directory = spawn.workingDirectory {
            try check(posix_spawn_file_actions_addchdir_np(&raw, directory))
        }
    }

    /// The corresponding C function is `posix_spawn_file_actions_adddup2`, which also clears
    /// close-on-exec when both numbers are the same.
    private mutating func perform(_ moves: [(from: Int32, to: Int32)]) throws(SystemError) {
        var moves = moves
        let targets = moves.map(\.to)
        // A source that is also a target could be overwritten before its turn: move such ones out of the way.
        var free = moves.reduce(2) { max($0, $1.from, $1.to) } + 1
        for index in moves.indices where moves[index].from != moves[index].to && targets.contains(moves[index].from) {
            try check(posix_spawn_file_actions_adddup2(&raw, moves[index].from, free))
            moves[index].from = free
            free += 1
        }
        for move in moves { try check(posix_spawn_file_actions_adddup2(&raw, move.from, move.to)) }
    }

    private mutating func open(_ path: String, _ flags: Int32, as target: Int32) throws(SystemError) {
        try check(posix_spawn_file_actions_addopen(&raw, target, path, flags, 0))
    }

    /// These calls fail for lack of memory, or for a closed descriptor (-1).
    private func check(_ code: Int32) throws(SystemError) {
        try Syscall.checkNumber(code, "hand on descriptors")
    }
}
