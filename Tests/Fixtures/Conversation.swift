import Glibc
package import Processes

/// A program one talks to line by line. Reading blocks.
package final class Conversation: Sendable {
    package let process: SpawnedProcess
    private let toIt: OwnedDescriptor
    private let fromIt: OwnedDescriptor

    package init(_ spawn: Spawn) throws {
        let (input, output) = (try Pipe(), try Pipe())
        var spawn = spawn
        spawn.standardInput = .descriptor(input.readEnd)
        spawn.standardOutput = .descriptor(output.writeEnd)
        process = try spawn.start(pidfd: true)
        input.readEnd.close()
        output.writeEnd.close()
        toIt = input.writeEnd
        fromIt = output.readEnd
    }

    package func write(_ text: String) throws { try toIt.write(text) }

    /// The next line without its newline; what there is of it at the end.
    package func readLine() throws -> String {
        var line: [UInt8] = []
        var byte: UInt8 = 0
        while try withUnsafeMutableBytes(of: &byte, { try fromIt.read(into: $0) }) == 1, byte != UInt8(ascii: "\n") {
            line.append(byte)
        }
        return String(decoding: line, as: UTF8.self)
    }

    /// Says no more, and waits for its end; what else it wrote.
    package func end() throws -> String {
        toIt.close()
        let rest = String(decoding: try fromIt.readToEnd(limit: 1 << 24), as: UTF8.self)
        _ = try process.wait()
        return rest
    }
}
