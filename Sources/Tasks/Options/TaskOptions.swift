public import CeleryCore
public import Schedules

/// The options of a task, which messages can override. Defaults are Celery's.
///
/// A program declares options in a comment in its first lines (see `TaskOptionLine`), a Swift task in
/// `static var options`. Each option is a property named as in `CommonOptions` and `TaskOnlyOptions`, where it is
/// documented: `options.timeLimit = .seconds(60)`.
@dynamicMemberLookup
public struct TaskOptions: Sendable, Hashable {
    /// The options that differ from their defaults.
    package private(set) var said = OptionValues()
    /// When beat sends the task; `nil` for a task that is not periodic.
    public var periodic: PeriodicOptions?

    public typealias Acknowledgement = TaskOnlyOptions.Acknowledgement

    public init(
        maxRetries: Int? = 3, retryDelay: Duration = .seconds(180), timeLimit: Duration? = nil,
        softTimeLimit: Duration? = nil, queue: String? = nil, priority: Int? = nil, ignoreResult: Bool? = nil,
        acknowledgement: Acknowledgement = .late, crashLimit: Int? = nil, maxOutputBytes: Int? = nil,
        periodic: PeriodicOptions? = nil, autoretryFor: [RetryCause] = [], retryBackoff: Duration? = nil,
        retryBackoffMax: Duration = .seconds(600), retryJitter: Bool = true, retryUntil: RetryUntil? = nil,
        maxMemoryBytes: Int? = nil, rateLimit: RateSetting? = nil, concurrency: Int? = nil, concurrencyKey: String? = nil
    ) {
        self.periodic = periodic
        self.maxRetries = maxRetries
        self.retryDelay = retryDelay
        self.timeLimit = timeLimit
        self.softTimeLimit = softTimeLimit
        self.queue = queue
        self.priority = priority
        self.ignoreResult = ignoreResult
        self.acknowledgement = acknowledgement
        self.crashLimit = crashLimit
        self.maxOutputBytes = maxOutputBytes
        self.autoretryFor = autoretryFor
        self.retryBackoff = retryBackoff
        self.retryBackoffMax = retryBackoffMax
        self.retryJitter = retryJitter
        self.retryUntil = retryUntil
        self.maxMemoryBytes = maxMemoryBytes
        self.rateLimit = rateLimit
        self.concurrency = concurrency
        self.concurrencyKey = concurrencyKey
    }

    /// An option that calls can set too.
    public subscript<Value>(dynamicMember path: KeyPath<CommonOptions, TaskOption<Value>>) -> Value {
        get { self[CommonOptions.table[keyPath: path]] }
        set { self[CommonOptions.table[keyPath: path]] = newValue }
    }

    /// An option that only the task itself can set.
    public subscript<Value>(dynamicMember path: KeyPath<TaskOnlyOptions, TaskOption<Value>>) -> Value {
        get { self[TaskOnlyOptions.table[keyPath: path]] }
        set { self[TaskOnlyOptions.table[keyPath: path]] = newValue }
    }

    /// Options as the settings write them.
    package init(_ said: OptionValues) {
        self.init()
        self.said.merge(said)
        for option in said.options { option.removeDefault(from: &self.said) }
    }

    /// The value of an option, or its default.
    package subscript<Value>(option: TaskOption<Value>) -> Value {
        get { said[option] ?? option.defaultValue }
        set { said[option] = option.isDefault(newValue) ? nil : newValue }
    }

    /// A copy with one option changed: `TaskOptions(maxRetries: 5).with(\.timeLimit, .seconds(60))`.
    public func with<Value>(_ path: KeyPath<CommonOptions, TaskOption<Value>>, _ value: Value) -> TaskOptions {
        var options = self
        options[dynamicMember: path] = value
        return options
    }

    /// Sets an option from the text of an option line.
    ///
    /// - Throws: `OptionMistake` for an invalid value.
    package mutating func take(_ text: String, of option: any AnyTaskOption) throws(OptionMistake) {
        try option.read(.word(text), at: .optionLine, into: &said)
        option.removeDefault(from: &said)
    }

    /// The options with overrides from a message.
    package func overridden(by message: OptionValues) -> TaskOptions {
        var options = self
        let common = CommonOptions.table
        // A fixed retry delay in a message replaces the task's growing delays.
        if message[common.retryDelay] != nil, message[common.retryBackoff] == nil { options.said[common.retryBackoff] = nil }
        options.said.merge(message)
        return options
    }
}
