import Glibc

/// The daemon's end of a pipe to the process at the terminal, which waits for a single report.
package struct Readiness: Sendable {
    let descriptor: OwnedDescriptor

    /// Reports that the daemon is working; the process at the terminal exits with 0.
    package func ready() {
        say("READY\n")
    }

    /// Reports why the daemon ends; the process at the terminal prints `message` and exits with `status`.
    package func fail(_ message: String, status: Int32) {
        say("FAILED \(status) \(message)\n")
    }

    /// Leaves the word to another process that has the same pipe.
    package func release() { descriptor.close() }

    private func say(_ word: String) {
        // Ignore errors: the user may have interrupted the waiting process.
        try? descriptor.write(word)
        descriptor.close()
    }

    /// The report of the daemon.
    enum Word: Equatable {
        case ready
        case failed(message: String, status: Int32)
        /// The daemon ended without a report.
        case nothing
    }

    /// Waits for the report.
    static func word(from pipe: OwnedDescriptor) throws(SystemError) -> Word {
        let text = String(decoding: try pipe.readToEnd(), as: UTF8.self)
        if text == "READY\n" { return .ready }
        let parts = text.split(separator: " ", maxSplits: 2)
        guard parts.count == 3, parts[0] == "FAILED", let status = Int32(parts[1]), text.hasSuffix("\n") else {
            return .nothing
        }
        return .failed(message: String(parts[2].dropLast()), status: status)
    }
}
