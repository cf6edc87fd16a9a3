extension JSON {
    /// The value of a word of a command line: JSON if it parses as JSON, else a string.
    ///
    /// `NaN` and its like are Python's, not JSON's, and stay strings.
    package init(word: String) {
        self = .string(word)
        guard let value = try? JSON(parsing: word) else { return }
        if case .double(let number) = value, !number.isFinite { return }
        self = value
    }
}
