import Glibc

/// A file of keys or rights, which only its owner may change.
package struct TrustedFile: Sendable {
    package var path: String
    /// Whether others must not be able to read it either, but for members of its group if they may not write it.
    package var isSecret: Bool

    package init(_ path: String, isSecret: Bool) { (self.path, self.isSecret) = (path, isSecret) }

    /// Why a file is not used.
    package struct Refusal: Error, Sendable, Hashable {
        package var reason: String
        package var hint: String?
        /// Whether there is no such file.
        package var isMissing = false
    }

    /// Reads the file. Blocks.
    ///
    /// - Parameter limit: Bytes of the largest file.
    /// - Throws: `Refusal` for a file that is not this user's or root's, that others may write or, of a secret one, read.
    package func read(limit: Int) throws(Refusal) -> [UInt8] {
        let number = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        if number < 0 { throw Refusal(reason: SystemError.text(of: errno), isMissing: errno == ENOENT) }
        let descriptor = OwnedDescriptor(owning: number)
        var status = stat()
        guard fstat(number, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { throw Refusal(reason: "it is not a file") }
        guard [0, geteuid()].contains(status.st_uid) else { throw Refusal(reason: "it belongs to another user") }
        guard status.st_mode & 0o022 == 0 else { throw Refusal(reason: "other users can write it", hint: "chmod go-w \(path)") }
        guard !isSecret || status.st_mode & 0o007 == 0 else { throw Refusal(reason: "other users can read it", hint: "chmod 600 \(path)") }
        do throws(SystemError) {
            return try descriptor.readToEnd(limit: limit)
        } catch {
            throw Refusal(reason: SystemError.text(of: error.code))
        }
    }
}
