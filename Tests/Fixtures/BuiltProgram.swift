import Glibc
package import Processes

/// A program that was built with the tests and lies beside them.
package struct BuiltProgram: Sendable {
    package let path: String

    package init(_ name: String) {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        let folder = String(decoding: buffer[..<count], as: UTF8.self).split(separator: "/").dropLast()
        path = "/\(folder.joined(separator: "/"))/\(name)"
    }

    package func spawn(_ arguments: [String]) -> Spawn {
        Spawn(path, arguments: [path] + arguments, environment: .current())
    }

    /// Runs it to its end and collects standard output. Blocks.
    package func run(_ arguments: String...) throws -> (output: String, status: WaitStatus) {
        try capture(spawn(arguments))
    }
}

/// Runs a program to its end and collects standard output. Blocks.
package func capture(_ spawn: Spawn) throws -> (output: String, status: WaitStatus) {
    var spawn = spawn
    let pipe = try Pipe()
    spawn.standardOutput = .descriptor(pipe.writeEnd)
    let process = try spawn.start()
    pipe.writeEnd.close()
    let output = String(decoding: try pipe.readEnd.readToEnd(limit: 1 << 30), as: UTF8.self)
    return (output, try process.wait().status)
}
