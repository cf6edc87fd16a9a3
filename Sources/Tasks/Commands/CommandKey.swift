import CeleryCore
import Glibc
import Processes

/// The secret by which commands are signed: the first line of a file that only its owner can read.
package struct CommandKey: Sendable, Equatable {
    let bytes: [UInt8]

    /// Shorter keys could be guessed: 128 bits as hexadecimal digits.
    package static let leastLength = 32
    private static let mostLength = 4_096

    init(bytes: [UInt8]) { self.bytes = bytes }

    /// Reads a key file. Blocks.
    ///
    /// The open file is checked, so that it cannot be replaced in between. The corresponding C functions are `open` with
    /// `O_NOFOLLOW`, and `fstat`.
    ///
    /// - Parameter user: The user who reads it, and has to own it.
    /// - Returns: `nil` if the file does not exist.
    /// - Throws: if the file is a link, belongs to another user, can be read or written by others, or holds no key.
    package static func read(_ path: String, for user: UInt32) throws(CommandRefusal) -> CommandKey? {
        let number = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY)
        guard number >= 0 else {
            let code = errno
            if code == ENOENT { return nil }
            let reason = code == ELOOP ? "it is a link" : SystemError.text(of: code)
            throw CommandRefusal(
                "cannot read the key \(path): \(reason)",
                hint: code == ELOOP ? "replace the link by the file" : nil)
        }
        let descriptor = OwnedDescriptor(owning: number)
        var status = stat()
        guard fstat(number, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw CommandRefusal("cannot read the key \(path): it is not a file")
        }
        guard status.st_uid == user else {
            throw CommandRefusal("the key \(path) belongs to user \(AccountName.user(status.st_uid)), not to \(AccountName.user(user))")
        }
        guard status.st_mode & 0o077 == 0 else {
            throw CommandRefusal(
                "others can read the key \(path)",
                hint: "if nobody has, chmod 600 \(ShellWord.quoted(path)); otherwise replace it, and submit waiting commands again")
        }
        do {
            let line = try descriptor.readToEnd(limit: mostLength).prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
            guard line.count >= leastLength else {
                throw CommandRefusal(
                    "the first line of \(path) is shorter than \(leastLength) characters, which is no safe key",
                    hint: "make one with: (umask 077; openssl rand -hex 32 > \(ShellWord.quoted(path)))")
            }
            return CommandKey(bytes: Array(line))
        } catch let error as CommandRefusal {
            throw error
        } catch {
            throw CommandRefusal("cannot read the key \(path): \(error)")
        }
    }

    /// Reads a key file, after making one with a new key if there is none. Blocks.
    ///
    /// The file is complete before it gets its name, and of two processes that make one at once, one wins and both use its key.
    /// The corresponding C function is `link`.
    package static func readOrMake(_ path: String, for user: UInt32) throws(CommandRefusal) -> CommandKey {
        if let key = try read(path, for: user) { return key }
        do {
            try make(path)
        } catch {
            throw CommandRefusal("cannot make the key \(path): \(error.reason ?? SystemError.text(of: error.code))")
        }
        guard let key = try read(path, for: user) else { throw CommandRefusal("the key \(path) has just been removed") }
        return key
    }

    private static func make(_ path: String) throws(SystemError) {
        // Swift's generator is the kernel's, getrandom(2).
        var random = SystemRandomNumberGenerator()
        let secret = (0..<32).map { _ in UInt8.random(in: .min ... .max, using: &random) }
        let draft = "\(path).new.\(getpid()).\(UInt32.random(in: 0 ... .max))"
        let number = try Syscall.check("create key", path: draft) { open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600) }
        let descriptor = OwnedDescriptor(owning: number)
        defer { unlink(draft) }
        // A umask may have taken away the owner's own bits.
        try Syscall.check("protect key", path: draft) { fchmod(number, 0o600) }
        try descriptor.write(Hexadecimal.text(secret) + "\n")
        try Syscall.check("store key", path: draft) { fsync(number) }
        if link(draft, path) != 0, errno != EEXIST { throw SystemError(errno, "create key", path: path) }
    }
}
