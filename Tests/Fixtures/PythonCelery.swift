import Processes

/// Python with Celery of one version, from PyPI; made the first time it is asked for.
package struct PythonCelery: Sendable, CustomStringConvertible {
    /// Those whose rows and messages differ.
    package static let versions = ["5.4", "5.6", "5.7"].map(PythonCelery.init)

    package let version: String

    package var description: String { "Celery \(version)" }

    /// What the script that makes it said.
    package struct Missing: Error, CustomStringConvertible {
        package var description: String
    }

    package init(version: String) { self.version = version }

    /// Runs a script to its end, and returns what it printed.
    ///
    /// - Throws: `Missing` when there is no such Python and none can be made, or the script fails.
    package func run(_ script: String, _ arguments: [String], with packages: [String] = []) async throws -> String {
        try await withCheckedThrowingContinuation { continuation in
            // Waiting for other processes is not for the few threads of tasks.
            WorkThread.start { continuation.resume(with: Result { try runBlocking(script, arguments, packages) }) }
        }
    }

    private func runBlocking(_ script: String, _ arguments: [String], _ packages: [String]) throws -> String {
        let path = try path(with: packages)
        // By its path Python knows where its packages are.
        let (output, status) = try capture(
            Spawn(path, arguments: [path, "-X", "utf8", "-c", script] + arguments, environment: .current()))
        guard status == .exited(0) else { throw Missing(description: "\(self): the script ended with \(status)") }
        return output
    }

    /// Where it is.
    ///
    /// - Parameter packages: More of them to be there, by their names. Blocks while they are fetched.
    package func path(with packages: [String] = []) throws -> String {
        let script = Self.repository + "/Tests/Servers/python"
        let (output, status) = try capture(Spawn(script, arguments: [script, version] + packages, environment: .current()))
        guard status == .exited(0) else { throw Missing(description: "Tests/Servers/python \(version) \(packages) failed with \(status)") }
        return String(output.prefix { $0 != "\n" })
    }

    /// The folder that this file lies in, two folders deep.
    package static let repository = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
}
