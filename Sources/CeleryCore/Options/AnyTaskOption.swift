/// A row of the table without the type of its value, for code that treats all rows alike.
package protocol AnyTaskOption: AnyObject, Sendable {
    var name: String { get }
    var alias: String? { get }
    var help: String { get }
    var callHelp: String { get }
    var fallback: OptionFallback { get }
    var places: OptionPlaces { get }
    var form: OptionForm { get }
    var isForChild: Bool { get }
    var overrides: Bool { get }

    /// The header that carries it, if one does.
    var header: String? { get }
    /// Whether it is read from a field of a message.
    var hasReadableField: Bool { get }
    /// What stands for the value in an option line, and on a command line.
    var placeholder: String { get }
    var commandPlaceholder: String { get }
    /// What the settings file takes, in words.
    var fileValue: String { get }
    var suggestion: OptionSuggestion { get }
    var isList: Bool { get }

    /// Reads what somebody wrote at a place, and adds it to `values`.
    func read(_ input: OptionInput, at place: OptionPlaces, into values: inout OptionValues) throws(OptionMistake)
    /// Adds what a header says, if it makes sense.
    func hear(_ value: JSON, into values: inout OptionValues)
    /// Adds what a field of the message says, if it says anything.
    func hear(fieldOf message: Message, into values: inout OptionValues)
    /// Writes what `values` say to the message.
    func write(_ values: OptionValues, to message: inout Message)
    /// Leaves it unsaid in `values` when they say no more than its default.
    func removeDefault(from values: inout OptionValues)
    /// The value in `values` as an option line has it; `nil` when it is not said.
    func text(in values: OptionValues) -> String?
    /// The value in `values` as a header has it; `nil` when it is not said.
    func json(in values: OptionValues) -> JSON?
}

extension AnyTaskOption {
    /// Both names.
    package var names: [String] { [name] + (alias.map { [$0] } ?? []) }

    /// Its long name on a command line, without dashes.
    package var long: String { form.long ?? String(name.map { $0 == "_" ? "-" : $0 }) }

    /// What is wrong with it at a place where it may not stand, to be said after the name.
    package func misplaced(at place: OptionPlaces) -> String { "may stand in \(places.words), not in \(place.words)" }
}

extension TaskOption: AnyTaskOption {
    package var header: String? { if case .header(let name) = travel { name } else { nil } }
    package var hasReadableField: Bool { if case .field(_, .some) = travel { true } else { false } }
    package var placeholder: String { kind.placeholder }
    package var commandPlaceholder: String { form.placeholder ?? kind.commandPlaceholder }
    package var fileValue: String { kind.fileValue }
    package var suggestion: OptionSuggestion { kind.suggestion }
    package var isList: Bool { kind.isList }

    package func read(_ input: OptionInput, at place: OptionPlaces, into values: inout OptionValues) throws(OptionMistake) {
        store(try kind.read(input, place), in: &values)
    }

    package func hear(_ value: JSON, into values: inout OptionValues) {
        if let value = kind.heard(value) { values[self] = value }
    }

    package func hear(fieldOf message: Message, into values: inout OptionValues) {
        if case .field(_, let read?) = travel, let value = read(message) { values[self] = value }
    }

    package func write(_ values: OptionValues, to message: inout Message) {
        guard let value = values[self] else { return }
        switch travel {
        case .nowhere: break
        case .header(let header): message.headers[header] = kind.json(value)
        case .field(let write, _): write(value, &message)
        }
    }

    package func removeDefault(from values: inout OptionValues) {
        if let value = values[self], isDefault(value) { values[self] = nil }
    }

    package func text(in values: OptionValues) -> String? { values[self].map(kind.text) }
    package func json(in values: OptionValues) -> JSON? { values[self].map(kind.json) }
}
