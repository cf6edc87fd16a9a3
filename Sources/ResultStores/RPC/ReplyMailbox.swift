import CeleryCore
package import RabbitMQ
import Wire

/// The queue that collects the results for one user, project and machine, on behalf of short-lived commands.
///
/// A Python program waits on a queue that lives as long as the program. Shell commands are too short-lived for that: this
/// queue stays, and each command moves the arrived results into a file, where all commands find them.
package struct ReplyMailbox: Sendable {
    package let queue: QueueDeclaration

    /// - Parameters:
    ///   - owner: Identifies user, machine and project.
    ///   - expires: Seconds results are kept; an unused queue is deleted after that time.
    package init(owner: String, expires: Double?) {
        // A queue cannot be redeclared with another expiry, so the expiry is part of the name.
        let milliseconds = Int64(min((expires ?? 30 * 86_400) * 1_000, 4_294_967_295))
        var queue = QueueDeclaration(ReplyMessage.lastingPrefix + Self.digest("\(owner)\n\(milliseconds)"))
        queue.arguments = ["x-expires": .int(max(1, milliseconds))]
        self.queue = queue
    }

    /// 128 bits of FNV-1a, from two different offset bases: a name, not a secret.
    private static func digest(_ text: String) -> String {
        [0xCBF2_9CE4_8422_2325, 0x6C62_272E_07BB_0142].map { (start: UInt64) in
            let hash = text.utf8.reduce(start) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
            let digits = String(hash, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }
}
