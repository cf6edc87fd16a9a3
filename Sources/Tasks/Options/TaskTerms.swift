package import CeleryCore

/// The options that a worker reads for every message, as plain properties. Times are in seconds.
///
/// A plain property is cheaper to read than an option, which needs a search. `TaskDefinition` caches the terms of a task
/// for messages without overrides.
package struct TaskTerms: Sendable {
    package let maxRetries: Int?
    package let retryDelay: Double
    /// The first delay of growing retry delays; 0 for fixed delays.
    package let retryBackoff: Double
    package let retryBackoffMax: Double
    package let retryJitter: Bool
    package let retryUntil: RetryUntil?
    package let autoretryFor: [RetryCause]
    package let timeLimit: Double?
    package let softTimeLimit: Double?
    package let maxMemoryBytes: Int?
    package let maxOutputBytes: Int?
    package let crashLimit: Int?
    package let rateLimit: RateSetting?
    package let concurrency: Int?
    package let ignoreResult: Bool?
    package let acknowledgement: TaskOptions.Acknowledgement
    package let disablesErrorEmails: Bool
    /// The options that the pool child implements.
    package let forChild: OptionValues

    package init(_ options: TaskOptions) {
        let common = CommonOptions.table
        let own = TaskOnlyOptions.table
        maxRetries = options[common.maxRetries]
        retryDelay = options[common.retryDelay].inSeconds
        retryBackoff = options[common.retryBackoff]?.inSeconds ?? 0
        retryBackoffMax = options[common.retryBackoffMax].inSeconds
        retryJitter = options[common.retryJitter]
        retryUntil = options[common.retryUntil]
        autoretryFor = options[common.autoretryFor]
        timeLimit = options[common.timeLimit]?.inSeconds
        softTimeLimit = options[common.softTimeLimit]?.inSeconds
        maxMemoryBytes = options[common.maxMemoryBytes]
        maxOutputBytes = options[own.maxOutputBytes]
        crashLimit = options[own.crashLimit]
        rateLimit = options[own.rateLimit]
        concurrency = options[own.concurrency]
        ignoreResult = options[common.ignoreResult]
        acknowledgement = options[own.acknowledgement]
        disablesErrorEmails = options[own.disableErrorEmails]
        forChild = options.said.filter(\.isForChild)
    }
}
