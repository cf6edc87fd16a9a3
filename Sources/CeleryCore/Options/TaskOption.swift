/// An option of a task: a row of the table.
///
/// The row is the only place that knows the option's name, type, default, help, places and transport. The parser of option
/// lines, the options of `celery apply`, the keys of a batch and of a periodic task, the headers of messages, the listing of
/// `celery tasks`, the manual and the completions are made from the rows.
///
/// The rows are properties of `CommonOptions`, `TaskOnlyOptions` and `CallOnlyOptions`. To add an option, add a property
/// there and list it in `rows`; read it where it takes effect, from the `TaskTerms` that join what task and call say.
public final class TaskOption<Value: Sendable>: Sendable {
    /// Its name in option lines, batches, settings and headers: `retry_delay`.
    package let name: String
    /// An equivalent name in option lines.
    package let alias: String?
    package let kind: OptionKind<Value>
    /// The value when neither the task nor the call sets it.
    package let defaultValue: Value
    package let fallback: OptionFallback
    /// What it does and in which unit, as a sentence. Words to be typed are in backquotes.
    package let help: String
    /// The same for a call, where that differs.
    package let callHelp: String
    package let places: OptionPlaces
    package let travel: OptionTravel<Value>
    package let form: OptionForm
    /// Whether a message's value overrides the task's.
    package let overrides: Bool
    /// Whether the pool child that runs the task receives the value.
    package let isForChild: Bool
    /// Whether it says something of the process in which the task runs: an HTTP task has none.
    package let needsProcess: Bool
    /// Stores a parsed value; `nil` stores it under this option.
    private let assignment: (@Sendable (Value, inout OptionValues) -> Void)?

    /// A row with a default.
    ///
    /// - Parameter travel: `nil` uses a header with the option's name, if a call may set the option.
    package init(
        _ name: String, _ kind: OptionKind<Value>, default value: Value, fallback: OptionFallback? = nil, alias: String? = nil,
        help: String, callHelp: String? = nil, places: OptionPlaces = .everywhere, travel: OptionTravel<Value>? = nil,
        form: OptionForm = OptionForm(), overrides: Bool = true, isForChild: Bool = false, needsProcess: Bool = false,
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
        self.needsProcess = needsProcess
        self.assignment = assignment
    }

    /// A row without a default: when unset, the settings decide, or there is no value.
    package convenience init<Wrapped>(
        _ name: String, _ kind: OptionKind<Wrapped>, fallback: OptionFallback = .nothing, alias: String? = nil,
        help: String, callHelp: String? = nil, places: OptionPlaces = .everywhere, travel: OptionTravel<Value>? = nil,
        form: OptionForm = OptionForm(), isForChild: Bool = false, needsProcess: Bool = false,
        assignment: (@Sendable (Value, inout OptionValues) -> Void)? = nil
    ) where Value == Wrapped? {
        self.init(
            name, kind.optional, default: nil, fallback: fallback, alias: alias, help: help, callHelp: callHelp, places: places,
            travel: travel, form: form, isForChild: isForChild, needsProcess: needsProcess, assignment: assignment)
    }

    /// Whether a value equals the default, compared in header form.
    package func isDefault(_ value: Value) -> Bool { kind.json(value) == kind.json(defaultValue) }

    /// Stores a parsed value.
    func store(_ value: Value, in values: inout OptionValues) {
        if let assignment { assignment(value, &values) } else { values[self] = value }
    }

    /// The value in a message; `nil` when absent or invalid.
    package func heard(in message: Message) -> Value? {
        switch travel {
        case .nowhere: nil
        case .header(let header): message.headers[header].flatMap(kind.heard)
        case .field(_, let read): read?(message)
        }
    }
}

/// What applies when an option is not set.
package enum OptionFallback: Sendable, Hashable {
    /// This value, in option-line form.
    case value(String)
    /// The value in the settings.
    case settings
    /// Nothing.
    case nothing
}
