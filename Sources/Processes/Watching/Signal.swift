import CLinux
import Glibc

/// Names of signals, as `kill -l` writes them.
package enum Signal {
    /// The name without `SIG`, such as `TERM` for 15; the number if there is no name.
    ///
    /// The corresponding C function is `sigabbrev_np`.
    package static func name(of number: Int32) -> String {
        sigabbrev_np(number).map { String(cString: $0) } ?? String(number)
    }

    /// The number of `TERM`, `SIGTERM`, `term` or `15`; `nil` if there is no such signal.
    package static func number(of name: String) -> Int32? {
        if let number = Int32(name) { return 1...64 ~= number ? number : nil }
        let upper = name.uppercased()
        let short = upper.hasPrefix("SIG") ? String(upper.dropFirst(3)) : upper
        return (1...64).first { Self.name(of: $0) == short }
    }
}

extension sigset_t {
    /// A set of these signals.
    ///
    /// The corresponding C functions are `sigemptyset` and `sigaddset`.
    init(_ signals: some Sequence<Int32>) {
        self.init()
        sigemptyset(&self)
        for signal in signals { sigaddset(&self, signal) }
    }
}
