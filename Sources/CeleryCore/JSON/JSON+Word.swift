extension JSON {
    /// The value of a command-line word: JSON if it parses as JSON, else a string.
    ///
    /// `NaN` and `Infinity` are Python's extensions, not JSON, and stay strings.
    package init(word: String) {
        self = .string(word)
        guard let value = try? JSON(parsing: word) else { return }
        if case .double(let number) = value, !number.isFinite { return }
        self = value
    }
}
