public import CeleryCore
import Tasks

/// The progress and results of the tasks of a set.
public struct TaskSetResult: Sendable {
    private let record: TaskSetRecord
    package let client: Client

    package init(_ record: TaskSetRecord, client: Client) {
        self.record = record
        self.client = client
    }

    /// A set that another process may have submitted, from the result store.
    ///
    /// - Returns: `nil` if no set with this id is kept, or its time is over.
    /// - Throws: `DriverError`, `unsupported` where the result store keeps no sets.
    public static func restore(_ id: String, using client: Client) async throws -> TaskSetResult? {
        try await client.taskSets.taskSet(id).map { TaskSetResult($0, client: client) }
    }

    public var id: String { record.id }
    /// The number of tasks; of a set that is still being submitted, those known so far.
    public var total: Int { record.total ?? record.members?.count ?? 0 }
    /// The ids of the tasks, in order.
    public var subtasks: [TaskID] { total == 0 ? [] : record.ids(1...total) }

    /// The ids of the tasks, some at a time, for a set of any size.
    package var pieces: some Sequence<[TaskID]> { record.pieces(total).lazy.map { [record] in record.ids($0) } }

    /// The result of each task, in order, made one by one.
    public func itersubtasks() -> some Sequence<AsyncResult<JSON>> {
        (0..<total).lazy.map { [record, client] in AsyncResult(id: record.member($0 + 1), client: client) }
    }

    /// How many tasks are in each state; those without a result count as PENDING.
    ///
    /// One read where the store counts (celery.db), otherwise a look at each task.
    public func counts() async throws -> [TaskState: Int] { try await client.counts(of: record) }

    /// The number of tasks that have succeeded.
    public func completedCount() async throws -> Int { try await counts()[.success] ?? 0 }

    /// Whether all tasks have finished, successfully or not.
    public func ready() async throws -> Bool { try await counts().allSatisfy { $0.key.isReady || $0.value == 0 } }

    /// Whether all tasks have succeeded.
    public func successful() async throws -> Bool { try await counts().allSatisfy { $0.key == .success || $0.value == 0 } }

    /// Whether any task has failed or was revoked.
    public func failed() async throws -> Bool {
        try await counts().contains { $0.key.isReady && $0.key != .success && $0.value > 0 }
    }

    /// Whether any task has not finished.
    public func waiting() async throws -> Bool { try await !ready() }

    /// Waits for all tasks and returns their values in the order of submission.
    ///
    /// - Throws: `TaskFailed` for the first task that did not succeed, `ResultTimeout` if a task did not finish in time,
    ///   `ResultMissing` if a result is not stored.
    public func join(timeout: Duration? = nil) async throws -> [JSON] {
        let subtasks = self.subtasks
        var values: [TaskID: JSON] = [:]
        let open = try await client.wait(for: subtasks, timeout: timeout) { result in
            guard result.state == .success else {
                throw TaskFailed(id: result.id, state: result.state, failure: result.failure)
            }
            values[result.id] = result.value
        }
        if let missing = subtasks.first(where: open.gone.contains) { throw ResultMissing(id: missing) }
        if let late = subtasks.first(where: open.late.contains) { throw ResultTimeout(id: late) }
        return subtasks.compactMap { values[$0] }
    }

    /// Waits for all tasks and returns their values, of one type, in the order of submission.
    ///
    /// - Throws: The errors of `join(timeout:)`; `DecodingError` if a value has another type.
    public func join<Value: Decodable>(as type: Value.Type, timeout: Duration? = nil) async throws -> [Value] {
        try await join(timeout: timeout).map { try JSONValueDecoder.decode(type, from: $0) }
    }

    /// Tasks that have ended, successfully or not, in the order of their ends: those that have ended already first.
    ///
    /// The sequence ends after the last task, and with `ResultMissing` if the result of a task is not stored.
    public func iterate() -> AsyncThrowingStream<EndedTask, any Error> {
        AsyncThrowingStream { continuation in
            let work = Task { [client, subtasks] in
                do {
                    let open = try await client.wait(for: subtasks, timeout: nil) { continuation.yield(EndedTask($0)) }
                    if let missing = subtasks.first(where: open.gone.contains) { throw ResultMissing(id: missing) }
                    continuation.finish()
                } catch {
                    continuation.finish(throwing: error)
                }
            }
            continuation.onTermination = { _ in work.cancel() }
        }
    }

    /// Deletes the set and the results of its tasks from the result store.
    public func forget() async throws {
        for ids in pieces { _ = try await client.store.forget(ids) }
        try await client.forgetTaskSet(id)
    }
}

/// A task that has ended.
public struct EndedTask: Sendable {
    public var id: TaskID
    /// SUCCESS, FAILURE or REVOKED.
    public var state: TaskState
    /// The return value; `null` unless the task succeeded.
    public var value: JSON
    public var failure: TaskFailure?

    /// The return value, of a type.
    ///
    /// - Throws: `TaskFailed` if the task did not succeed; `DecodingError` if the value has another type.
    public func get<Value: Decodable>(as type: Value.Type) throws -> Value {
        guard state == .success else { throw TaskFailed(id: id, state: state, failure: failure) }
        return try JSONValueDecoder.decode(type, from: value)
    }

    init(_ result: TaskResult) {
        (id, state, failure) = (result.id, result.state, result.failure)
        value = result.state == .success ? result.value : .null
    }
}
