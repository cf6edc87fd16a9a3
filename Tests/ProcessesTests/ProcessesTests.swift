import Glibc
import Processes
import Testing

/// All tests of the room, one after the other: they write programs and start them, and a program that another
/// test's child still has open for writing cannot be executed (ETXTBSY).
@Suite(.serialized, .timeLimit(.minutes(2)))
struct ProcessesTests {}

/// A folder that goes away with the test.
final class TemporaryFolder: Sendable {
    let path: String

    init() {
        var template = Array("/tmp/processes-tests.XXXXXX".utf8CString)
        path = String(cString: mkdtemp(&template)!)
    }

    deinit {
        let removal = Spawn("/bin/rm", arguments: ["rm", "-rf", path], environment: .current())
        _ = try? removal.start().wait()
    }

    /// Writes a file and returns its path.
    @discardableResult
    func write(_ text: String, to name: String, mode: mode_t = 0o644) throws -> String {
        let file = "\(path)/\(name)"
        let descriptor = OwnedDescriptor(owning: open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode))
        try descriptor.write(text)
        return file
    }

    /// Writes a program.
    func program(_ text: String, _ name: String = "program") throws -> String {
        try write(text, to: name, mode: 0o755)
    }

    func read(_ name: String) throws -> String {
        try contents(of: "\(path)/\(name)")
    }
}

func contents(of path: String) throws -> String {
    let descriptor = OwnedDescriptor(owning: try Syscall.check("open", path: path) { open(path, O_RDONLY | O_CLOEXEC) })
    return String(decoding: try descriptor.readToEnd(), as: UTF8.self)
}

/// The program beside the tests that does what needs a process of its own.
struct Probe {
    /// Runs it to its end.
    static func run(_ arguments: String...) throws -> (output: String, status: WaitStatus) {
        try capture(spawn(arguments))
    }

    static func spawn(_ arguments: [String]) -> Spawn {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        let folder = String(decoding: buffer[..<count], as: UTF8.self).split(separator: "/").dropLast()
        let path = "/\(folder.joined(separator: "/"))/DetachProbe"
        return Spawn(path, arguments: ["probe"] + arguments, environment: .current())
    }
}

/// Runs a program to its end and collects standard output.
func capture(_ spawn: Spawn) throws -> (output: String, status: WaitStatus) {
    var spawn = spawn
    let pipe = try Pipe()
    spawn.standardOutput = .descriptor(pipe.writeEnd)
    let process = try spawn.start()
    pipe.writeEnd.close()
    let output = String(decoding: try pipe.readEnd.readToEnd(), as: UTF8.self)
    return (output, try process.wait().status)
}

/// Waits for something that another process is about to do; `false` after ten seconds.
func eventually(_ condition: () throws -> Bool) rethrows -> Bool {
    let deadline = Deadline(after: .seconds(10))
    while try !condition() {
        if deadline.hasPassed { return false }
        Syscall.pause(.milliseconds(2))
    }
    return true
}
