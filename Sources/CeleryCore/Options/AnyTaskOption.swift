/// A row of the table without its value type, for code that treats all rows alike.
package protocol AnyTaskOption: AnyObject, Sendable {
    var name: String { get }
    var alias: String? { get }
    var help: String { get }
    var callHelp: String { get }
    var fallback: OptionFallback { get }
    var places: OptionPlaces { get }
    var form: OptionForm { get }
    var isForChild: Bool { get }
    var needsProcess: Bool { get }
    var overrides: Bool { get }

    /// The header that carries it, if any.
    var header: String? { get }
    /// Whether it is read from a field of a message.
    var hasReadableField: Bool { get }
    /// Placeholders for the value in an option line and on a command line.
    var placeholder: String { get }
    var commandPlaceholder: String { get }
    /// What the settings file accepts, in words.
    var fileValue: String { get }
    var suggestion: OptionSuggestion { get }
    var isList: Bool { get }

    /// Parses a value written at a place, and adds it to `values`.
    func read(_ input: OptionInput, at place: OptionPlaces, into values: inout OptionValues) throws(OptionMistake)
    /// Adds the value of a header, if valid.
    func hear(_ value: JSON, into values: inout OptionValues)
    /// Adds the value of a message field, if set.
    func hear(fieldOf message: Message, into values: inout OptionValues)
    /// Writes the value in `values`, if any, to the message.
    func write(_ values: OptionValues, to message: inout Message)
    /// Removes the value from `values` if it equals the default.
    func removeDefault(from values: inout OptionValues)
    /// The value in `values` in option-line form; `nil` when not set.
    func text(in values: OptionValues) -> String?
    /// The value in `values` in header form; `nil` when not set.
    func json(in values: OptionValues) -> JSON?
}

extension AnyTaskOption {
    /// Both names.
    package var names: [String] { [name] + (alias.map { [$0] } ?? []) }

    /// Its long name on a command line, without dashes.
    package var long: String { form.long ?? String(name.map { $0 == "_" ? "-" : $0 }) }

    /// The problem with it at a place where it is not allowed, to follow the name.
    package func misplaced(at place: OptionPlaces) -> String { "is allowed in \(places.words), not in \(place.words)" }
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
