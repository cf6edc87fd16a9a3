import CeleryCore
import Client

/// Prints a list of tasks, once or repeatedly.
struct TaskListDrawing {
    let context: CommandContext
    let client: Client
    let filter: TaskFilter
    let limit: Int
    let redaction: Redaction

    private static let interval: Duration = .seconds(1)

    func once() async throws {
        let rows = try await look()
        draw(rows)
        sayWhatIsMissing(isEmpty: rows.isEmpty)
    }

    /// Redraws until interrupted. Never returns normally.
    func watch() async throws -> Never {
        sayWhatIsMissing(isEmpty: false)
        var drawn = 0
        while true {
            let rows = try await look()
            context.output.erase(lines: drawn)
            drawn = draw(rows)
            context.output.flush()
            try await Task.sleep(for: Self.interval)
        }
    }

    private func look() async throws -> [TaskRow] {
        let now = Timestamp.now
        return try await client.tasks(filter, limit: limit).map { TaskRow(task: $0, redaction: redaction, now: now) }
    }

    /// - Returns: The number of lines.
    @discardableResult
    private func draw(_ rows: [TaskRow]) -> Int {
        context.output.table(rows, TaskRow.headings, fields: \.fields, object: \.object)
    }

    private func sayWhatIsMissing(isEmpty: Bool) {
        if filter.selects(any: [.queued, .scheduled, .retry]) {
            switch client.knownOfWaiting {
            case .all: break
            case .held:
                context.output.note(
                    "celery list: \(client.broker.location) cannot list waiting tasks, except those that workers have taken; celery queues shows how many there are")
            case .none: context.output.note("celery list: \(client.broker.location) cannot list tasks that wait or run")
            }
        }
        if let store = try? client.store, !(store is any ResultListing), filter.selects(any: [.success, .failure, .revoked]) {
            let others = client.broker is any EventFollowing ? ", except those of which workers with -E have told within an hour, or since --since" : ""
            context.output.note("celery list: \(store.location) cannot list tasks that have ended\(others)")
        }
        if isEmpty, context.output.format == .text { context.output.note("celery list: no \(filter.isOpen ? "" : "matching ")tasks") }
    }
}
