public import CeleryCore
public import Schedules

/// How a task is run, where a message does not say otherwise. Defaults are Celery's.
///
/// A program has them in a comment of its first lines (see `TaskOptionLine`), a Swift
/// task in `static var options`. Each option is a property named as in `CommonOptions` and `TaskOnlyOptions`, which
/// say what it means: `options.timeLimit = .seconds(60)`.
@dynamicMemberLookup
public struct TaskOptions: Sendable, Hashable {
    /// What differs from the defaults.
    package private(set) var said = OptionValues()
    /// When beat sends it by itself; `nil` is never.
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

    /// An option that calls may say too.
    public subscript<Value>(dynamicMember path: KeyPath<CommonOptions, TaskOption<Value>>) -> Value {
        get { self[CommonOptions.table[keyPath: path]] }
        set { self[CommonOptions.table[keyPath: path]] = newValue }
    }

    /// An option that only the task itself says.
    public subscript<Value>(dynamicMember path: KeyPath<TaskOnlyOptions, TaskOption<Value>>) -> Value {
        get { self[TaskOnlyOptions.table[keyPath: path]] }
        set { self[TaskOnlyOptions.table[keyPath: path]] = newValue }
    }

    /// The value of an option, or its default.
    package subscript<Value>(option: TaskOption<Value>) -> Value {
        get { said[option] ?? option.defaultValue }
        set { said[option] = option.isDefault(newValue) ? nil : newValue }
    }

    /// The same options with one of them changed: `TaskOptions(maxRetries: 5).with(\.timeLimit, .seconds(60))`.
    public func with<Value>(_ path: KeyPath<CommonOptions, TaskOption<Value>>, _ value: Value) -> TaskOptions {
        var options = self
        options[dynamicMember: path] = value
        return options
    }

    /// Takes what an option line says.
    package mutating func take(_ text: String, of option: any AnyTaskOption) throws(OptionMistake) {
        try option.read(.word(text), at: .optionLine, into: &said)
        option.removeDefault(from: &said)
    }

    /// The options with those that a message says in their place.
    package func overridden(by message: OptionValues) -> TaskOptions {
        var options = self
        let common = CommonOptions.table
        // The wait that a message asks for is that wait, whatever the task says of growing ones.
        if message[common.retryDelay] != nil, message[common.retryBackoff] == nil { options.said[common.retryBackoff] = nil }
        options.said.merge(message)
        return options
    }
}
