/// What became of the tasks of one name in some time.
public struct TaskTally: Sendable, Hashable {
    /// Executions that came to an end, whatever it was: by themselves, killed at a limit, ended by a revocation, or
    /// lost with their process. Never less than `failed` and `retried` together.
    public var ran = 0
    /// Those of them with which their task failed for good.
    public var failed = 0
    /// Those of them after which their task is tried again, by its own wish or for its failure.
    public var retried = 0
    /// Tasks that were revoked or had expired. What ended while it ran is among those that ran, the others are not.
    public var revoked = 0
    /// Executions that lost their process before their end. Their task has gone back to its queue, or has failed.
    public var lost = 0
    /// Seconds that the executions took together.
    public var seconds = 0.0
    /// How long each of them took.
    public var durations = DurationHistogram()

    public init() {}

    /// An execution came to its end, after so many seconds.
    public mutating func noteEnd(seconds: Double) {
        ran += 1
        self.seconds += max(0, seconds.possibleSeconds)
        durations.note(seconds)
    }

    /// Adds what another has counted.
    public mutating func add(_ other: Self) {
        ran += other.ran
        failed += other.failed
        retried += other.retried
        revoked += other.revoked
        lost += other.lost
        seconds += other.seconds
        durations.add(other.durations)
    }

    /// Seconds that an execution took on average; `nil` when none has ended.
    public var mean: Double? { ran > 0 ? seconds / Double(ran) : nil }

    /// Counts that are believed when they are read: of more than these no sum could be made.
    static let possibleCounts = 0...1 << 48
}

extension TaskTally {
    private static let counts: [(String, any WritableKeyPath<TaskTally, Int> & Sendable)] = [
        ("ran", \.ran), ("failed", \.failed), ("retried", \.retried), ("revoked", \.revoked), ("lost", \.lost),
    ]

    /// As it is kept. What is nought is left out.
    package var json: JSON {
        var object = JSONObject()
        for (name, path) in Self.counts where self[keyPath: path] != 0 { object[name] = .int(Int64(self[keyPath: path])) }
        object["seconds"] = .double(seconds)
        object["durations"] = durations.json
        return .object(object)
    }

    /// - Returns: `nil` for what is no tally.
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
