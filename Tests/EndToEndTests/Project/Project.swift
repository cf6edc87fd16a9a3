import Glibc
import Processes
import Testing

/// A project of its own for each test, made by `celery startproject demo`, in a folder that
/// goes away with the test, and so does everything that runs there.
final class Project: Sendable {
    /// The temporary folder; also HOME.
    let folder: String
    /// The project's folder, in which commands run.
    let path: String

    init() throws {
        var template = Array("/tmp/celery-tests.XXXXXX".utf8CString)
        folder = String(cString: try #require(mkdtemp(&template)))
        path = "\(folder)/demo"
        // Other users take part in some tests.
        chmod(folder, 0o755)
        _ = try run("celery startproject demo", in: folder).text
    }

    deinit {
        Leftovers.kill(of: folder)
        let removal = Spawn("/bin/rm", arguments: ["rm", "-rf", folder], environment: .current())
        _ = try? removal.start().wait()
    }

    var environment: [String: String] {
        [
            "PATH": "\(BuiltPrograms.folder):/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": folder, "LC_ALL": "C.UTF-8", "TZ": "UTC", "TERM": "xterm", "XDG_CONFIG_HOME": folder,
            "XDG_DATA_HOME": folder, Leftovers.variable: folder,
        ]
    }

    /// Runs a line of bash to its end.
    func run(
        _ line: String, input: String? = nil, with variables: [String: String] = [:], in place: String? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> Ended {
        try start(line, input: input, with: variables, in: place).wait(sourceLocation: sourceLocation)
    }

    /// Starts a line of bash. What it prints goes to files, so that nothing it leaves running
    /// can keep a pipe open.
    func start(
        _ line: String, input: String? = nil, with variables: [String: String] = [:], in place: String? = nil
    ) throws -> Running {
        let all = environment.merging(variables) { $1 }
        var spawn = Spawn("/bin/bash", arguments: ["bash", "-c", line], environment: Environment(all))
        spawn.workingDirectory = place ?? path
        spawn.placement = .newGroup
        let (output, errors) = (try scratch(), try scratch())
        spawn.standardOutput = .descriptor(output)
        spawn.standardError = .descriptor(errors)
        spawn.standardInput = .null
        if let input {
            let file = try scratch()
            try file.write(input)
            lseek(file.number, 0, SEEK_SET)
            spawn.standardInput = .descriptor(file)
        }
        return Running(try spawn.start(pidfd: true), output: output, errors: errors)
    }

    /// A file without a name.
    private func scratch() throws -> OwnedDescriptor {
        let name = "\(folder)/.output.\(UInt64.random(in: 0 ... .max))"
        let number = try Syscall.check("create", path: name) { open(name, O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0o600) }
        unlink(name)
        return OwnedDescriptor(owning: number)
    }

    /// Writes a file, seen from the project's folder. A shell does it: a program that was written here could
    /// still be open for writing in a child of another test, and could not be executed.
    func write(_ text: String, to name: String, mode: String = "644") throws {
        _ = try run("mkdir -p \"$(dirname '\(name)')\" && cat >'\(name)' && chmod \(mode) '\(name)'", input: text).text
    }

    /// Adds a program to the tasks of the app `demo`.
    func task(_ name: String, _ text: String) throws {
        try write(text, to: "demo/tasks/\(name)", mode: "755")
    }

    func read(_ name: String) -> String {
        String(decoding: Leftovers.content("\(path)/\(name)"), as: UTF8.self)
    }

    func exists(_ name: String) -> Bool { access("\(path)/\(name)", F_OK) == 0 }
}
