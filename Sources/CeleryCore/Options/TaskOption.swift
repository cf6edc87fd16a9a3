/// One thing that can be said of a task: a row of the table.
///
/// The row is the only place that knows the option's name, type, default and help, where it may stand and how it
/// travels. The parser of option lines, the options of `celery apply`, the keys of a batch and of a periodic task,
/// the headers of messages, the listing of `celery tasks`, the manual and the completions are made from it.
///
/// The rows are properties of `CommonOptions`, `TaskOnlyOptions` and `CallOnlyOptions`. To add an option, add a
/// property there, list it in `rows`, and read it where it takes effect: `options.itsName`.
public final class TaskOption<Value: Sendable>: Sendable {
    /// Its name in option lines, batches, settings and headers: `retry_delay`.
    package let name: String
    /// Another name of it in an option line, equal in every way.
    package let alias: String?
    package let kind: OptionKind<Value>
    /// What holds when neither the task nor the call says it.
    package let defaultValue: Value
    package let fallback: OptionFallback
    /// What it does and in which unit, as a sentence. Words to be typed stand between backquotes.
    package let help: String
    /// The same for a call, where that differs.
    package let callHelp: String
    package let places: OptionPlaces
    package let travel: OptionTravel<Value>
    package let form: OptionForm
    /// Whether what a message says takes the place of what the task says.
    package let overrides: Bool
    /// Whether the pool child that runs the task is told the value.
    package let isForChild: Bool
    /// Puts a value that was read where it belongs; `nil` puts it under this option.
    private let assignment: (@Sendable (Value, inout OptionValues) -> Void)?

    /// A row with a default.
    ///
    /// - Parameter travel: `nil` is a header of the option's own name, if the option may stand in a call.
    package init(
        _ name: String, _ kind: OptionKind<Value>, default value: Value, fallback: OptionFallback? = nil, alias: String? = nil,
        help: String, callHelp: String? = nil, places: OptionPlaces = .everywhere, travel: OptionTravel<Value>? = nil,
        form: OptionForm = OptionForm(), overrides: Bool = true, isForChild: Bool = false,
        assignment: (@Sendable (Value, inout OptionValues) -> Void)? = nil
    ) {
        self.name = name
        self.kind = kind
        self.alias = alias
        defaultValue = value
        self.fallback = fallback ?? .value(kind.text(value))
        self.help = help
        self.callHelp = callHelp ?? help
        self.places = places
        self.travel = travel ?? (places.isDisjoint(with: .calls) ? .nowhere : .header(name))
        self.form = form
        self.overrides = overrides
        self.isForChild = isForChild
        self.assignment = assignment
    }

    /// A row without a default: unless it is said, the settings decide, or there is none.
    package convenience init<Wrapped>(
        _ name: String, _ kind: OptionKind<Wrapped>, fallback: OptionFallback = .nothing, alias: String? = nil,
        help: String, callHelp: String? = nil, places: OptionPlaces = .everywhere, travel: OptionTravel<Value>? = nil,
        form: OptionForm = OptionForm(), isForChild: Bool = false,
        assignment: (@Sendable (Value, inout OptionValues) -> Void)? = nil
    ) where Value == Wrapped? {
        self.init(
            name, kind.optional, default: nil, fallback: fallback, alias: alias, help: help, callHelp: callHelp, places: places,
            travel: travel, form: form, isForChild: isForChild, assignment: assignment)
    }

    /// Whether a value is the default, as a header shows both.
    package func isDefault(_ value: Value) -> Bool { kind.json(value) == kind.json(defaultValue) }

    /// Puts a value where it belongs.
    func store(_ value: Value, in values: inout OptionValues) {
        if let assignment { assignment(value, &values) } else { values[self] = value }
    }

    /// What a message says; `nil` when it says nothing, or nothing that makes sense.
    package func heard(in message: Message) -> Value? {
        switch travel {
        case .nowhere: nil
        case .header(let header): message.headers[header].flatMap(kind.heard)
        case .field(_, let read): read?(message)
        }
    }
}

/// What holds when an option is not said.
package enum OptionFallback: Sendable, Hashable {
    /// This value, as an option line has it.
    case value(String)
    /// What the settings say.
    case settings
    /// Nothing.
    case nothing
}
