/// A kind of value that options take: how it is read, written, shown and sent.
///
/// The value need not be `Hashable`: the runtime would look up that conformance for each type of value at every start,
/// among all that are linked in, which took a tenth of the time of `celery apply`.
package struct OptionKind<Value: Sendable>: Sendable {
    /// What stands for the value in an option line: `DURATION`.
    var placeholder: String
    /// What stands for it on a command line: `S`.
    var commandPlaceholder: String
    /// What the settings file takes, in words: `whole number`.
    var fileValue: String
    /// What a shell can offer for it.
    var suggestion = OptionSuggestion.nothing
    /// Whether words that follow it in an option line after a comma belong to it.
    var isList = false
    /// The value of what somebody wrote at a place.
    var read: @Sendable (OptionInput, OptionPlaces) throws(OptionMistake) -> Value
    /// The value as an option line has it.
    var text: @Sendable (Value) -> String
    /// The value as a header has it.
    var json: @Sendable (Value) -> JSON
    /// The value of a header. `nil` for what makes no sense: a worker passes over it, as anybody may have written it.
    var heard: @Sendable (JSON) -> Value?
}

/// What a shell offers for the value of an option.
package enum OptionSuggestion: Sendable, Equatable {
    case nothing
    case words([String])
    case queues
}

extension OptionKind {
    /// The same kind where an option may also be left unsaid.
    var optional: OptionKind<Value?> {
        OptionKind<Value?>(
            placeholder: placeholder, commandPlaceholder: commandPlaceholder, fileValue: fileValue, suggestion: suggestion,
            isList: isList,
            read: { (input, place) throws(OptionMistake) in try read(input, place) },
            text: { $0.map(text) ?? "" }, json: { $0.map(json) ?? .null },
            heard: { heard($0).map(Optional.some) })
    }

    /// The same kind with one more word, which stands for no value.
    ///
    /// - Parameter json: what a header has for the word.
    func or(_ word: String, json none: JSON) -> OptionKind<Value?> {
        OptionKind<Value?>(
            placeholder: placeholder, commandPlaceholder: commandPlaceholder, fileValue: "\(fileValue), or \"\(word)\"",
            suggestion: suggestion, isList: isList,
            read: { (input, place) throws(OptionMistake) in input.text == word ? nil : try read(input, place) },
            text: { $0.map(text) ?? word }, json: { $0.map(json) ?? none },
            heard: { $0 == none ? .some(nil) : heard($0).map(Optional.some) })
    }
}
