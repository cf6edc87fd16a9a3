import Glibc
import Processes

/// A file whose first line is a password.
enum PasswordFile {
    /// - Parameter path: `-` is standard input.
    static func read(_ path: String) throws -> Secret {
        let number = path == "-" ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC)
        let bytes: [UInt8]
        do throws(SystemError) {
            guard number >= 0 else { throw SystemError(errno, "read", path: path) }
            bytes = try OwnedDescriptor(owning: number).readToEnd(limit: 1 << 16)
        } catch {
            let status = error.code == EACCES || error.code == EPERM ? ExitCode.noPermission : ExitCode.badData
            throw CommandError(status, "cannot read password file \(path): \(SystemError.text(of: error.code))")
        }
        let line = bytes.prefix { $0 != UInt8(ascii: "\n") }
        guard let text = String(validating: line.last == UInt8(ascii: "\r") ? line.dropLast() : line, as: UTF8.self),
            SetupWish.mistake(in: text) == nil
        else {
            throw CommandError(ExitCode.badData, "the first line of \(path) is not a password of at most 255 bytes")
        }
        return Secret(text)
    }
}
