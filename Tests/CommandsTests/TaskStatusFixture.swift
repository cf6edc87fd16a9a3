import CeleryCore
import Testing

@testable import Client

/// What broker and store know of a made-up task.
enum TaskStatusFixture {
    static func make(_ state: TaskState, id: String = "x") -> TaskStatus {
        let id = TaskID(id)
        switch state {
        case .unknown: return TaskStatus(id: id, result: nil, location: nil, brokerKnows: true)
        case .pending, .received, .started, .retry:
            let location = MessageLocation(task: "t", queue: "q", state: state, attempt: 1, retries: 0)
            return TaskStatus(id: id, result: nil, location: location, brokerKnows: true)
        default:
            return TaskStatus(id: id, result: TaskResult(id: id, state: state), location: nil, brokerKnows: true)
        }
    }
}
