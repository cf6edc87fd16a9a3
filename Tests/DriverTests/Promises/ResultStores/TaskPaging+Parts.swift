import CeleryCore
import Testing

extension TaskPaging {
    /// All parts of a list, one after the other, and how many there were.
    func all(
        _ filter: TaskFilter = TaskFilter(), limit: Int = 3, within time: Duration = .seconds(60)
    ) async throws -> (ids: [String], parts: Int) {
        var ids: [String] = []
        var parts = 0
        var position: Int64?
        repeat {
            let part = try await taskPart(filter, before: position, limit: limit, within: time)
            #expect(part.tasks.count <= limit)
            if let next = part.next, let position { #expect(next < position) }
            ids += part.tasks.map(\.id.text)
            parts += 1
            position = part.next
        } while position != nil && parts < 10_000
        return (ids, parts)
    }
}

extension TaskResult {
    /// The result of the task `t0`, `t1` and so on: of four states, three tasks and two queues in turn.
    static func varied(_ number: Int) -> TaskResult {
        var result = TaskResult(id: TaskID("t\(number)"), state: [.success, .failure, .custom("DIGGING"), .revoked][number % 4])
        (result.task, result.queue) = ("shop.\(number % 3)", number % 5 == 0 ? "other" : "celery")
        result.value = .string("value \(number)")
        return result
    }
}

extension TaskFilter {
    init(_ change: (inout TaskFilter) -> Void) {
        self.init()
        change(&self)
    }

    /// Filters of all kinds for varied results; some select nothing.
    static var ofVaried: [TaskFilter] {
        [
            TaskFilter { $0.phases = [.failure] }, TaskFilter { $0.phases = [.failure, .revoked] }, TaskFilter { $0.phases = [.started] },
            TaskFilter { $0.phases = [.success] }, TaskFilter { $0.phases = [.success, .started] }, TaskFilter { $0.task = "shop.1" },
            TaskFilter { $0.task = "shop.*" }, TaskFilter { $0.queue = "other" }, TaskFilter { $0.queue = "celery" },
            TaskFilter { $0.text = "value 1" }, TaskFilter { ($0.phases, $0.task, $0.text) = ([.failure], "shop.[12]", "value 3") },
            TaskFilter { ($0.queue, $0.phases) = ("other", [.success]) }, TaskFilter { $0.text = "nothing" }, TaskFilter { $0.task = "no" },
            // JSON writes this text in several ways, so that a server cannot look for it.
            TaskFilter { $0.text = "é" },
        ]
    }
}
