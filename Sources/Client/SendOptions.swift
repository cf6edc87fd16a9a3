public import CeleryCore

/// Options of one call, which override the task's own options.
///
/// Each option is a property named as in `CommonOptions` and `CallOnlyOptions`, where it is documented:
/// `options.timeLimit = .seconds(60)`. `nil` leaves the option unset.
@dynamicMemberLookup
public struct SendOptions: Sendable {
    /// The id of the message; a new id by default.
    public var id: TaskID?
    /// Callbacks: sent with the return value when the task succeeds.
    public var link: [Signature] = []
    /// Errbacks: sent with the id of the task when it fails.
    public var linkError: [Signature] = []
    /// The group to which the task belongs.
    public var groupID: String?
    /// The position of the task in its group.
    public var groupIndex: Int?
    /// All other options that are set.
    package var said = OptionValues()

    public init() {}

    package init(_ said: OptionValues) { self.said = said }

    /// Headers added to the message.
    public var headers: JSONObject {
        get { said[CallOnlyOptions.table.headers] ?? [:] }
        set { said[CallOnlyOptions.table.headers] = newValue.isEmpty ? nil : newValue }
    }

    /// Sets `eta`, the time before which the task does not run, relative to now.
    public mutating func countdown(_ duration: Duration) { self.eta = .now + duration }

    /// An option that tasks can set too.
    public subscript<Value>(dynamicMember path: KeyPath<CommonOptions, TaskOption<Value>>) -> Value? {
        get { said[CommonOptions.table[keyPath: path]] }
        set { said[CommonOptions.table[keyPath: path]] = newValue }
    }

    /// An option without a default that tasks can set too.
    public subscript<Value>(dynamicMember path: KeyPath<CommonOptions, TaskOption<Value?>>) -> Value? {
        get { said[CommonOptions.table[keyPath: path]] ?? nil }
        set { said[CommonOptions.table[keyPath: path]] = newValue.map(Optional.some) }
    }

    /// An option that only calls can set.
    public subscript<Value>(dynamicMember path: KeyPath<CallOnlyOptions, TaskOption<Value?>>) -> Value? {
        get { said[CallOnlyOptions.table[keyPath: path]] ?? nil }
        set { said[CallOnlyOptions.table[keyPath: path]] = newValue.map(Optional.some) }
    }
}
