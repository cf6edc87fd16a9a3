/// Counts of the tasks of one name in a period.
public struct TaskTally: Sendable, Hashable {
    /// Executions that ended in any way: by themselves, killed at a limit, stopped by a revocation, or lost with their process.
    /// Never less than `failed` and `retried` together.
    public var ran = 0
    /// Executions after which the task failed for good.
    public var failed = 0
    /// Executions after which the task is tried again, at its own request or because it failed.
    public var retried = 0
    /// Tasks that were revoked or had expired. Those stopped while running also count as ran, the others do not.
    public var revoked = 0
    /// Executions that lost their process. Their task was requeued, or has failed.
    public var lost = 0
    /// Total duration of the executions, in seconds.
    public var seconds = 0.0
    /// Durations of the executions.
    public var durations = DurationHistogram()

    public init() {}

    /// Counts an execution that ended after this many seconds.
    public mutating func noteEnd(seconds: Double) {
        ran += 1
        self.seconds += max(0, seconds.possibleSeconds)
        durations.note(seconds)
    }

    /// Adds another tally.
    public mutating func add(_ other: Self) {
        ran += other.ran
        failed += other.failed
        retried += other.retried
        revoked += other.revoked
        lost += other.lost
        seconds += other.seconds
        durations.add(other.durations)
    }

    /// Average duration of an execution in seconds; `nil` when none has ended.
    public var mean: Double? { ran > 0 ? seconds / Double(ran) : nil }

    /// Counts accepted when parsing: sums of larger ones could overflow.
    static let possibleCounts = 0...1 << 48
}

extension TaskTally {
    private static let counts: [(String, any WritableKeyPath<TaskTally, Int> & Sendable)] = [
        ("ran", \.ran), ("failed", \.failed), ("retried", \.retried), ("revoked", \.revoked), ("lost", \.lost),
    ]

    /// The stored form, without zero counts.
    package var json: JSON {
        var object = JSONObject()
        for (name, path) in Self.counts where self[keyPath: path] != 0 { object[name] = .int(Int64(self[keyPath: path])) }
        object["seconds"] = .double(seconds)
        object["durations"] = durations.json
        return .object(object)
    }

    /// - Returns: `nil` if malformed.
    package init?(json: JSON) {
        guard let object = json.objectValue, let seconds = object["seconds"]?.doubleValue, seconds >= 0, seconds.isFinite,
            let durations = object["durations"].flatMap(DurationHistogram.init(json:))
        else { return nil }
        self.init()
        for (name, path) in Self.counts {
            guard let value = object[name] else { continue }
            guard let count = value.intValue, Self.possibleCounts.contains(count) else { return nil }
            self[keyPath: path] = count
        }
        self.seconds = seconds
        self.durations = durations
    }
}
