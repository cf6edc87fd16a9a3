extension JSON {
    /// The value of a command-line word: JSON if it parses as JSON, else a string.
    ///
    /// `NaN` and `Infinity` are Python's extensions, not JSON, and stay strings.
    package init(word: String) {
        self = .string(word)
        guard let value = try? JSON(parsing: word) else { return }
        if case .double(let number, _) = value, !number.isFinite { return }
        self = value
    }

    /// The value of a command-line word or a line of input, which may be any bytes: as `init(word:)` of a `String` if they are UTF-8,
    /// else as `init(text:)`.
    package init(word bytes: [UInt8]) {
        if let text = String(validating: bytes, as: UTF8.self) { self.init(word: text) } else { self.init(text: bytes) }
    }
}
