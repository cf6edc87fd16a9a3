import Glibc

/// The character encoding used by the C library.
enum UTF8Locale {
    // A locale is immutable.
    private nonisolated(unsafe) static let utf8 = newlocale(1 << LC_CTYPE, "C.UTF-8", nil)

    /// Runs `body`, which processes these texts, with UTF-8 characters on this thread, or with bytes as characters if
    /// the system lacks
    /// C.UTF-8. ASCII texts need no locale, which makes them three times as fast.
    static func run<Value>(for texts: String..., body: () -> Value) -> Value {
        guard let utf8, texts.contains(where: { $0.utf8.contains { $0 >= 0x80 } }) else { return body() }
        let before = uselocale(utf8)
        defer { uselocale(before) }
        return body()
    }
}
