import CeleryCore
package import RabbitMQ

/// The queue that collects the results of what one user sends from one project on one
/// machine, for commands that come and go.
///
/// A program of Python waits on a queue that lives as long as it does. A shell has no
/// such thing: this queue stays, and whichever command looks next moves what has come
/// into a file, where all of them find it.
package struct ReplyMailbox: Sendable {
    /// Queues that begin so are made here, and are worth writing to disk for.
    static let prefix = "celery.reply."

    package let queue: QueueDeclaration

    /// - Parameters:
    ///   - owner: tells user, machine and project from all others.
    ///   - expires: seconds results are kept; a queue nobody looks at goes after it.
    package init(owner: String, expires: Double?) {
        // A queue cannot be declared again with another time: it is a part of the name.
        let milliseconds = Int64(min((expires ?? 30 * 86_400) * 1_000, 4_294_967_295))
        var queue = QueueDeclaration(Self.prefix + Self.digest("\(owner)\n\(milliseconds)"))
        queue.arguments = ["x-expires": .int(max(1, milliseconds))]
        self.queue = queue
    }

    /// 128 bits by FNV-1a, twice with different starts: a name, not a secret.
    private static func digest(_ text: String) -> String {
        [0xCBF2_9CE4_8422_2325, 0x6C62_272E_07BB_0142].map { (start: UInt64) in
            let hash = text.utf8.reduce(start) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
            let digits = String(hash, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }
}
