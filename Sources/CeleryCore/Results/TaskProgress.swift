/// How far a running task has come, as it said itself.
///
/// Stored as the value of a result in state PROGRESS, in the layout that Celery's documentation uses with `update_state`:
/// `{"current": 30, "total": 100, ...}`; further members belong to the task.
public struct TaskProgress: Sendable, Equatable {
    /// The state of such results.
    public static let state = TaskState.custom("PROGRESS")

    /// All that the task said.
    public var info: JSONObject

    public init(info: JSONObject) { self.info = info }

    /// The progress that a result tells; `nil` for results without any, and for states that a Python task made up and
    /// gave other data than an object.
    public init?(_ result: TaskResult) {
        guard case .custom = result.state, let info = result.value.objectValue else { return nil }
        self.init(info: info)
    }

    /// What is done, in the task's own unit.
    public var current: Double? { info["current"]?.doubleValue }
    /// What there is to do, in the same unit.
    public var total: Double? { info["total"]?.doubleValue }
    /// What the task is doing.
    public var text: String? { info["text"]?.stringValue }

    /// The part that is done, from 0 to 1; `nil` without a total.
    public var fraction: Double? {
        guard let current, let total, total > 0 else { return nil }
        return min(max(0, current / total), 1)
    }

    /// One line for display: `30% 30/100 copying`. Only `current`, `total` and `text` are shown, unless there is nothing else.
    public var line: String {
        var words: [String] = []
        if let fraction { words.append("\(Int(fraction * 100))%") }
        if let current {
            words.append(JSON.number(current).displayText + (total.map { "/" + JSON.number($0).displayText } ?? ""))
        }
        if let text, !text.isEmpty { words.append(text) }
        return words.isEmpty ? JSON.object(info).displayText : words.joined(separator: " ")
    }
}
