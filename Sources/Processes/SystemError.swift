import CLinux
import Glibc

/// What the kernel refused, told in one line.
///
/// `cannot create pidfile /x/y.pid: permission denied`
package struct SystemError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The `errno` value; branch on this one.
    package let code: Int32
    /// What was being done, as it follows "cannot": `create pidfile`.
    package let operation: String
    /// The file it was being done to.
    package let path: String?
    /// The cause in words, where this room knows more than `errno` says.
    package let reason: String?

    package init(_ code: Int32, _ operation: String, path: String? = nil, reason: String? = nil) {
        self.code = code
        self.operation = operation
        self.path = path
        self.reason = reason
    }

    package var description: String {
        "cannot \(operation)\(path.map { " " + $0 } ?? ""): \(reason ?? Self.text(of: code))"
    }

    /// The kernel's words for an `errno` value, beginning with a small letter.
    ///
    /// The corresponding C function is `strerrordesc_np`, which is thread-safe and not translated.
    package static func text(of code: Int32) -> String {
        guard let words = strerrordesc_np(code) else { return "error \(code)" }
        let text = String(cString: words)
        return text.prefix(1).lowercased() + text.dropFirst()
    }
}
