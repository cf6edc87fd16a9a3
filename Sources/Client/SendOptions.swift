public import CeleryCore

/// How a message is sent, where it shall differ from the task's own options.
///
/// Each option is a property named as in `CommonOptions` and `CallOnlyOptions`, which say what it means:
/// `options.timeLimit = .seconds(60)`. One that is `nil` is not said.
@dynamicMemberLookup
public struct SendOptions: Sendable {
    /// The id it gets; a new one by default.
    public var id: TaskID?
    /// Sent with the return value on success.
    public var link: [Signature] = []
    /// Sent with the failed id on failure.
    public var linkError: [Signature] = []
    /// The group it is counted with.
    public var groupID: String?
    public var groupIndex: Int?
    /// What is said beside these.
    package var said = OptionValues()

    public init() {}

    package init(_ said: OptionValues) { self.said = said }

    /// Headers added to the message.
    public var headers: JSONObject {
        get { said[CallOnlyOptions.table.headers] ?? [:] }
        set { said[CallOnlyOptions.table.headers] = newValue.isEmpty ? nil : newValue }
    }

    /// Sets the time before which it does not run, from now.
    public mutating func countdown(_ duration: Duration) { self.eta = .now + duration }

    /// An option that the task may say too.
    public subscript<Value>(dynamicMember path: KeyPath<CommonOptions, TaskOption<Value>>) -> Value? {
        get { said[CommonOptions.table[keyPath: path]] }
        set { said[CommonOptions.table[keyPath: path]] = newValue }
    }

    /// An option without a default, which the task may say too.
    public subscript<Value>(dynamicMember path: KeyPath<CommonOptions, TaskOption<Value?>>) -> Value? {
        get { said[CommonOptions.table[keyPath: path]] ?? nil }
        set { said[CommonOptions.table[keyPath: path]] = newValue.map(Optional.some) }
    }

    /// An option that only calls say.
    public subscript<Value>(dynamicMember path: KeyPath<CallOnlyOptions, TaskOption<Value?>>) -> Value? {
        get { said[CallOnlyOptions.table[keyPath: path]] ?? nil }
        set { said[CallOnlyOptions.table[keyPath: path]] = newValue.map(Optional.some) }
    }
}
