import Arguments
import CeleryCore

/// Options that select tasks, for `celery list` and `celery retry`.
enum TaskSelection {
    static let state = Option<[Set<TaskPhase>]>.values(
        "state", placeholder: "STATE,...", .phases,
        help: "Only tasks in these states: QUEUED, SCHEDULED, STARTED, RETRY, SUCCESS, FAILURE, REVOKED; or waiting, running, finished.",
        completion: .values(TaskPhase.allCases.map(\.name)))
    static let failed = Option.flag("failed", help: "Only tasks that failed: --state FAILURE.")
    static let task = Option.value(
        "task", placeholder: "GLOB", .nonEmptyText, help: "Only tasks whose name matches this shell pattern.", completion: .task)
    static let queue = Option.value(
        "queue", short: "Q", placeholder: "QUEUE", .nonEmptyText, help: "Only tasks of this queue.", completion: .queue)
    static let since = Option.value(
        "since", placeholder: "TIME", .pastTime,
        help: "Only tasks that were submitted, begun or ended at TIME or later: ISO 8601, HH:MM, or an age such as 90s, 10m, 2h, 1d.")
    static let until = Option.value(
        "until", placeholder: "TIME", .pastTime, help: "Only tasks that last changed before TIME, in the same notation.")
    static let grep = Option.value(
        "grep", placeholder: "TEXT", .nonEmptyText, help: "Only tasks with TEXT in their arguments, return value or error.")

    static let filters = [
        state.description, failed.description, task.description, queue.description, since.description, until.description,
        grep.description,
    ]

    /// The selected tasks.
    static func filter(_ arguments: ParsedArguments) -> TaskFilter {
        var filter = TaskFilter()
        let phases = arguments[state].reduce(into: Set<TaskPhase>()) { $0.formUnion($1) }
        if !phases.isEmpty { filter.phases = phases }
        if arguments[failed] { filter.phases = (filter.phases ?? []).union([.failure]) }
        filter.task = arguments[task]
        filter.queue = arguments[queue]
        filter.since = arguments[since]
        filter.until = arguments[until]
        filter.text = arguments[grep]
        return filter
    }
}

extension ValueParser where Value == Set<TaskPhase> {
    /// Names of phases, separated by commas.
    fileprivate static var phases: Self {
        Self { (text) throws(InvalidValue) in
            var phases: Set<TaskPhase> = []
            for word in text.split(separator: ",", omittingEmptySubsequences: false) {
                guard let named = TaskPhase.named(String(word)) else {
                    let names = TaskPhase.allCases.map(\.name).joined(separator: ", ")
                    throw InvalidValue("is not a state", advice: "write some of \(names), separated by commas")
                }
                phases.formUnion(named)
            }
            return phases
        }
    }
}
