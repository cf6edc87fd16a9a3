import CLinux
import Glibc

/// A failed operation, described in one line.
///
/// `cannot create pidfile /x/y.pid: permission denied`
package struct SystemError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The `errno` value; use this in code.
    package let code: Int32
    /// The operation, phrased to follow "cannot": `create pidfile`.
    package let operation: String
    /// The file of the operation.
    package let path: String?
    /// The cause, if known more precisely than by `errno`.
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

    /// The C library's text for an `errno` value, beginning in lower case.
    ///
    /// The corresponding C function is `strerrordesc_np`, which is thread-safe and not translated.
    package static func text(of code: Int32) -> String {
        guard let words = strerrordesc_np(code) else { return "error \(code)" }
        let text = String(cString: words)
        return text.prefix(1).lowercased() + text.dropFirst()
    }
}
