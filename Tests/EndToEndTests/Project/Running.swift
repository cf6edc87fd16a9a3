import Glibc
import Processes
import Testing

/// A command line under way.
final class Running: Sendable {
    private let process: SpawnedProcess
    private let output: OwnedDescriptor
    private let errors: OwnedDescriptor

    init(_ process: SpawnedProcess, output: OwnedDescriptor, errors: OwnedDescriptor) {
        self.process = process
        self.output = output
        self.errors = errors
    }

    /// The process of the shell, or of the program it became.
    var id: Int32 { process.id }

    /// What it has printed so far.
    var printed: String { Self.text(output) }

    /// What it has said on stderr so far.
    var said: String { Self.text(errors) }

    func signal(_ number: Int32) { kill(process.id, number) }

    /// Waits for its end; one that takes too long is killed, and the test fails.
    func wait(
        within limit: Duration = .seconds(60), sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> Ended {
        if try !process.waitUntilEnded(timeout: limit) {
            kill(-process.id, SIGKILL)
            Issue.record("did not end within \(limit)", sourceLocation: sourceLocation)
        }
        let status = try process.wait().status.shellStatus
        return Ended(printed, errors: said, status: status)
    }

    private static func text(_ descriptor: OwnedDescriptor) -> String {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while case let count = pread(descriptor.number, &chunk, chunk.count, bytes.count), count > 0 { bytes += chunk[..<count] }
        return String(decoding: bytes, as: UTF8.self)
    }
}
