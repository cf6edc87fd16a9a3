import Glibc
package import Processes

/// The machine's Python: a second opinion on our files, and the last word on its own dialect.
package enum Python {
    /// A script ended with another status than 0.
    package struct Failed: Error {
        package var status: WaitStatus
    }

    /// Runs a script with nothing but the standard library, and returns the lines it printed. Blocks.
    ///
    /// - Throws: `Failed`; what the script wrote to standard error stands in the log of the tests.
    package static func lines(_ script: String, input: [UInt8] = []) throws -> [String] {
        let folder = TemporaryFolder()
        try folder.write("", to: "input")
        let file = OwnedDescriptor(owning: try Syscall.check("open") { open(folder.file("input"), O_RDWR | O_CLOEXEC) })
        try input.withUnsafeBytes { try file.write($0) }
        try Syscall.check("lseek") { lseek(file.number, 0, SEEK_SET) }
        var python = Spawn(
            "/usr/bin/env", arguments: ["env", "python3", "-I", "-X", "utf8", "-c", script], environment: .current())
        python.standardInput = .descriptor(file)
        let (output, status) = try capture(python)
        guard status == .exited(0) else { throw Failed(status: status) }
        return output.split(separator: "\n").map(String.init)
    }

    /// The path of a Python that has `sqlite3`; `nil` when there is none.
    package static let path: String? = ["/usr/bin/python3", "/usr/local/bin/python3"].first {
        guard access($0, X_OK) == 0 else { return false }
        let look = Spawn($0, arguments: ["python3", "-c", "import sqlite3"], environment: .current())
        return (try? look.start().wait().status) == .exited(0)
    }

    package static func spawn(_ script: String, _ arguments: String...) -> Spawn {
        Spawn(path!, arguments: ["python3", "-c", script] + arguments, environment: .current())
    }
}
