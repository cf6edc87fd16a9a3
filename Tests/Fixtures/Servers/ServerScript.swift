import Glibc
import Processes
import Synchronization

/// One of the scripts in `Tests/Servers` that start a server in a folder: `rabbitmq`, `redis`, `memcached`, `postgresql`, `mariadb`, `activemq`, `proton`.
struct ServerScript: Sendable {
    let name: String

    /// Starts a server in a new folder; it ends with this process, however that ends. Blocks until the server is ready.
    ///
    /// - Parameter options: Those of `start`.
    /// - Returns: The folder.
    func start(options: [String]) throws -> String {
        let folder = "\(Self.temporaryFolder)/celery-\(name)-\(UInt32.random(in: 0...UInt32.max))"
        // Should this process be killed, the script notices.
        try run(["start", folder, "--owner", "\(getpid())"] + options)
        Self.ending.withLock { servers in
            if servers.isEmpty {
                atexit { ServerScript.stopAll() }
            }
            servers.append((self, folder))
        }
        return folder
    }

    /// The servers that end with this process.
    private static let ending = Mutex<[(script: ServerScript, folder: String)]>([])

    private static func stopAll() {
        for (script, folder) in ending.withLock({ $0 }) where access("\(folder)/settings", F_OK) == 0 {
            _ = try? script.run(["stop", folder])
        }
    }

    /// Runs the script, and returns what it prints. Blocks.
    @discardableResult
    func run(_ arguments: [String]) throws -> String {
        let spawn = Spawn("/bin/bash", arguments: ["bash", Self.scripts + name] + arguments, environment: .current())
        let (output, status) = try capture(spawn)
        guard status == .exited(0) else { throw ServerTrouble("\(name) \(arguments): \(status)\n\(output)") }
        return output
    }

    /// What DIR/env says of a server.
    static func facts(of folder: String) throws -> [String: String] {
        guard let file = fopen("\(folder)/env", "r") else { throw ServerTrouble("no server in \(folder)") }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 16_384)
        bytes.removeLast(bytes.count - fread(&bytes, 1, bytes.count, file))
        return Dictionary(
            String(decoding: bytes, as: UTF8.self).split(separator: "\n").compactMap { line in
                line.firstIndex(of: "=").map { equals in
                    // Values with blanks are quoted, for a shell.
                    (String(line[..<equals]), String(line[line.index(after: equals)...].filter { $0 != "'" }))
                }
            }, uniquingKeysWith: { $1 })
    }

    /// Beside the folder of fixtures in the tree.
    private static let scripts: String = {
        "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/") + "/Servers/"
    }()

    private static let temporaryFolder = Environment.current()["TMPDIR"].flatMap { $0.isEmpty ? nil : $0 } ?? "/tmp"
}
