import CeleryCore

/// A chord of a test, and the ends of its members.
struct TestChord: Sendable {
    /// The id of its header.
    let group = TaskID().text

    /// The end of a member: a success, unless there is a failure.
    func part(_ id: String, _ index: Int?, _ value: JSON = nil, failure: TaskFailure? = nil) -> ChordPart {
        ChordPart(
            group: group, index: index,
            result: TaskResult(id: TaskID(id), state: failure == nil ? .success : .failure, value: value, failure: failure),
            body: Signature(task: "shop.tasks.sum", options: ["task_id": "body"]), rootID: nil)
    }
}
