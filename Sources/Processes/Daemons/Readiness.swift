import Glibc

/// The daemon's end of the pipe on which the terminal's process waits for its word. One word, once.
package struct Readiness: Sendable {
    let descriptor: OwnedDescriptor

    /// Says that the daemon does its work now; the process at the terminal exits with 0.
    package func ready() {
        say("READY\n")
    }

    /// Says why the daemon ends; the process at the terminal prints `message` and exits with `status`.
    package func fail(_ message: String, status: Int32) {
        say("FAILED \(status) \(message)\n")
    }

    /// Leaves the word to another process that has the same pipe.
    package func release() { descriptor.close() }

    private func say(_ word: String) {
        // Nobody need be listening any more: the user may have interrupted the waiting.
        try? descriptor.write(word)
        descriptor.close()
    }

    /// What the daemon said.
    enum Word: Equatable {
        case ready
        case failed(message: String, status: Int32)
        /// It ended without a word.
        case nothing
    }

    /// Waits for the word.
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
