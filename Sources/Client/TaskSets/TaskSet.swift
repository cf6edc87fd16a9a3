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
            return client.factory.message(task, args: item.args, kwargs: item.kwargs, options: options)
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
}
