public import CeleryCore

/// Several messages submitted together and counted together.
public struct TaskSet: Sendable {
    private let task: String
    private let arguments: [(args: [JSON], kwargs: JSONObject)]

    public init(_ task: String, _ arguments: [(args: [JSON], kwargs: JSONObject)]) {
        self.task = task
        self.arguments = arguments
    }

    /// The number of tasks.
    public var total: Int { arguments.count }

    /// Submits all tasks in one batch.
    public func run(using client: Client, options: SendOptions = SendOptions()) async throws -> TaskSetResult {
        let setID = TaskID().text
        let messages = arguments.enumerated().map { index, item in
            var options = options
            options.id = nil
            options.groupID = setID
            options.groupIndex = index
            return client.factory.message(task, args: item.args, kwargs: item.kwargs, options: options)
        }
        try await client.publish(messages)
        return TaskSetResult(id: setID, subtasks: messages.map(\.id), client: client)
    }
}

/// The progress and results of the tasks of a set.
public struct TaskSetResult: Sendable {
    public let id: String
    public let subtasks: [TaskID]
    private let client: Client

    init(id: String, subtasks: [TaskID], client: Client) {
        self.id = id
        self.subtasks = subtasks
        self.client = client
    }

    public var total: Int { subtasks.count }

    /// The number of tasks that have succeeded.
    public func completedCount() async throws -> Int { try await states().count { $0 == .success } }

    /// Whether all tasks have finished, successfully or not.
    public func ready() async throws -> Bool { try await states().allSatisfy(\.isReady) }

    /// Whether all tasks have succeeded.
    public func successful() async throws -> Bool { try await states().allSatisfy { $0 == .success } }

    /// Whether any task has failed or was revoked.
    public func failed() async throws -> Bool { try await states().contains { $0.isReady && $0 != .success } }

    /// Whether any task has not finished.
    public func waiting() async throws -> Bool { try await !ready() }

    /// Waits for all tasks and returns their values in the order of submission.
    ///
    /// - Throws: `TaskFailed` for the first task that did not succeed, `ResultTimeout` if a task did not finish in time,
    ///   `ResultMissing` if a result is not stored.
    public func join(timeout: Duration? = nil) async throws -> [JSON] {
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

    private func states() async throws -> [TaskState] { try await client.status(of: subtasks).map(\.state) }
}
