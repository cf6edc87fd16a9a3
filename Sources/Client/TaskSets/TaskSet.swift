public import CeleryCore
public import Tasks

/// Several messages submitted together and counted together.
///
///     let set = try await TaskSet(Square.self, 1...100).run(using: client)
///     let squares = try await set.join(as: Int.self)
public struct TaskSet: Sendable {
    private let task: String
    /// The task's own options, if they are known here.
    private let taskOptions: TaskOptions?
    private let arguments: [TaskArguments]

    /// Calls of one task by its name.
    public init(_ task: String, _ arguments: [(args: [JSON], kwargs: JSONObject)]) {
        self.task = task
        taskOptions = nil
        self.arguments = arguments.map { TaskArguments(args: $0.args, kwargs: $0.kwargs) }
    }

    /// Calls of a Swift task, one for each input.
    ///
    /// - Parameter inputs: Values of the task's type, with all arguments; or values of another type, each of which is the only
    ///   argument of a call.
    /// - Throws: `EncodingError`, or what a value's own `encode(to:)` throws.
    public init<Work: CeleryTask, Inputs: Sequence>(_ task: Work.Type, _ inputs: Inputs) throws where Inputs.Element: Encodable {
        self.task = Work.name
        taskOptions = Work.options
        arguments = try inputs.map { try MapArguments.of($0, for: Work.self) }
    }

    /// The number of tasks.
    public var total: Int { arguments.count }

    /// Submits all tasks in one batch. The set is kept by the result store, if that can, so that another process can restore it.
    ///
    /// - Throws: `DriverError`, as `Broker.publish`; also for more tasks than the result store can keep as one set.
    public func run(using client: Client, options: SendOptions = SendOptions()) async throws -> TaskSetResult {
        let numbering = SetNumbering()
        let messages = arguments.enumerated().map { index, item in
            var options = options
            options.id = numbering.member(index + 1)
            options.groupID = numbering.id
            options.groupIndex = index
            return client.factory.message(task, args: item.args, kwargs: item.kwargs, options: options, task: taskOptions)
        }
        let record = TaskSetRecord(id: numbering.id, total: total, created: .now)
        // Before the first member can end, so that every result is counted.
        try await client.keep(record)
        do {
            try await client.publish(messages)
        } catch {
            // A set of which nothing was sent is of no use.
            if let error = error as? DriverError, error.unconfirmed.isEmpty { try? await client.forgetTaskSet(record.id) }
            throw error
        }
        return TaskSetResult(record, client: client)
    }

    /// Submits all tasks, waits for them and returns their values in order: a short form of `run` and `join`.
    ///
    /// - Throws: The errors of `run` and of `TaskSetResult.join`.
    public func join(using client: Client, options: SendOptions = SendOptions(), timeout: Duration? = nil) async throws -> [JSON] {
        try await run(using: client, options: options).join(timeout: timeout)
    }
}
