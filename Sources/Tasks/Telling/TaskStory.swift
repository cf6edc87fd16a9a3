package import CeleryCore

/// What a task has said about itself in one attempt, and when to pass it on.
package struct TaskStory: Sendable {
    /// The progress told last.
    private var progress = JSONObject()
    /// The notes, to be stored with the result.
    package private(set) var meta = JSONObject()
    /// How the attempt is to end, if the task said so.
    package private(set) var verdict: TaskVerdict?
    /// Whether something has not been passed on.
    private var hasNews = false
    private var lastPassed: ContinuousClock.Instant?

    /// Least time between two reports of one attempt.
    package static let interval: Duration = .milliseconds(250)

    package init() {}

    /// Adds what a task says. A later progress replaces the earlier one; notes of one name replace each other.
    package mutating func add(_ telling: TaskTelling) {
        if let told = telling.progress {
            progress = told
            hasNews = true
        }
        if let told = telling.meta {
            for (key, value) in told.members { meta[key] = value }
            hasNews = true
        }
        if let told = telling.verdict { verdict = told }
    }

    /// When there is something to pass on; `nil` while there is nothing.
    package var nextReport: ContinuousClock.Instant? {
        guard hasNews else { return nil }
        return lastPassed.map { $0 + Self.interval } ?? .now
    }

    /// The news to pass on: progress and notes in one object. `nil` when there are none, or the last report is too recent.
    package mutating func report(at now: ContinuousClock.Instant = .now) -> JSONObject? {
        guard hasNews, lastPassed.map({ $0 + Self.interval <= now }) ?? true else { return nil }
        hasNews = false
        lastPassed = now
        var info = progress
        for (key, value) in meta.members where info[key] == nil { info[key] = value }
        return info
    }
}
