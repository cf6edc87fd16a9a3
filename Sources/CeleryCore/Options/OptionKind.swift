/// A kind of option value: how it is parsed, written, displayed and sent.
///
/// The value need not be `Hashable`: the runtime would look up that conformance for each type of value at every start,
/// among all that are linked in, which took a tenth of the time of `celery apply`.
package struct OptionKind<Value: Sendable>: Sendable {
    /// Placeholder in an option line: `DURATION`.
    var placeholder: String
    /// Placeholder on a command line: `S`.
    var commandPlaceholder: String
    /// What the settings file accepts, in words: `whole number`.
    var fileValue: String
    /// Completions that a shell can offer.
    var suggestion = OptionSuggestion.nothing
    /// Whether further words after a comma in an option line belong to the value.
    var isList = false
    /// Parses a value written at a place.
    var read: @Sendable (OptionInput, OptionPlaces) throws(OptionMistake) -> Value
    /// The value in option-line form.
    var text: @Sendable (Value) -> String
    /// The value in header form.
    var json: @Sendable (Value) -> JSON
    /// The value of a header. `nil` for an invalid one, which a worker ignores: anybody may have written it.
    var heard: @Sendable (JSON) -> Value?
}

/// Completions for the value of an option.
package enum OptionSuggestion: Sendable, Equatable {
    case nothing
    case words([String])
    case queues
}

extension OptionKind {
    /// The same kind for an option that may be unset.
    var optional: OptionKind<Value?> {
        OptionKind<Value?>(
            placeholder: placeholder, commandPlaceholder: commandPlaceholder, fileValue: fileValue, suggestion: suggestion,
            isList: isList,
            read: { (input, place) throws(OptionMistake) in try read(input, place) },
            text: { $0.map(text) ?? "" }, json: { $0.map(json) ?? .null },
            heard: { heard($0).map(Optional.some) })
    }

    /// The same kind with one more word, which means no value.
    ///
    /// - Parameter json: The header value for the word.
    func or(_ word: String, json none: JSON) -> OptionKind<Value?> {
        OptionKind<Value?>(
            placeholder: placeholder, commandPlaceholder: commandPlaceholder, fileValue: "\(fileValue), or \"\(word)\"",
            suggestion: suggestion, isList: isList,
            read: { (input, place) throws(OptionMistake) in input.text == word ? nil : try read(input, place) },
            text: { $0.map(text) ?? word }, json: { $0.map(json) ?? none },
            heard: { $0 == none ? .some(nil) : heard($0).map(Optional.some) })
    }
}
