import Fixtures
import Glibc
import Processes
import Testing

/// All tests of the room, one after the other: they write programs and start them, and a program that another
/// test's child still has open for writing cannot be executed (ETXTBSY).
@Suite(.serialized, .timeLimit(.minutes(2)))
struct ProcessesTests {}

func contents(of path: String) throws -> String {
    let descriptor = OwnedDescriptor(owning: try Syscall.check("open", path: path) { open(path, O_RDONLY | O_CLOEXEC) })
    return String(decoding: try descriptor.readToEnd(), as: UTF8.self)
}

/// The program beside the tests that does what needs a process of its own.
enum Probe {
    /// Runs it to its end.
    static func run(_ arguments: String...) throws -> (output: String, status: WaitStatus) {
        try capture(spawn(arguments))
    }

    static func spawn(_ arguments: [String]) -> Spawn {
        var spawn = BuiltProgram("DetachProbe").spawn(arguments)
        spawn.arguments[0] = Array("probe".utf8)
        return spawn
    }
}
