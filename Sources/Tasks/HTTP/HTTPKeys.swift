import CeleryCore

/// The keys that sign requests, by host.
package struct HTTPKeys: Sendable, Hashable {
    private var keys: [String: [UInt8]] = [:]

    package init() {}

    /// Reads the files of CELERY_HTTP_KEYS. Blocks.
    ///
    /// - Throws: `CommandRefusal` for a file that is missing, can be read by others, or holds no key.
    package init(_ files: [String: String], for user: UInt32 = CommandPolicy.currentUser) throws(CommandRefusal) {
        for (host, path) in files.sorted(by: { $0.key < $1.key }) {
            guard let key = try CommandKey.read(path, for: user) else {
                throw CommandRefusal(
                    "there is no key \(path), which CELERY_HTTP_KEYS names for \(host)",
                    hint: "make one with: (umask 077; openssl rand -hex 32 > \(ShellWord.quoted(path)))")
            }
            keys[host] = key.bytes
        }
    }

    /// For tests.
    package init(keys: [String: [UInt8]]) { self.keys = keys }

    package subscript(host: String) -> [UInt8]? { keys[host] }
}
