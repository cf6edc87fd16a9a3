package import CeleryCore

extension Client {
    /// Waits until each of the tasks has a final result, handing each over once, as it comes.
    ///
    /// - Parameter timeout: `nil` waits for ever.
    /// - Returns: what became of the others.
    package func wait(
        for ids: [TaskID], timeout: Duration?, onResult: (TaskResult) throws -> Void
    ) async throws -> Unfinished {
        var wait = ResultWait(client: self, ids: ids, timeout: timeout)
        return try await wait.run(onResult)
    }

    /// What broker and store know of tasks, in the order asked for.
    package func status(of ids: [TaskID]) async throws -> [TaskStatus] {
        // The broker first: a task that ends between the two looks is found in the store.
        let waiting = try await (broker as? any MessageLocating)?.locate(ids)
        let results = try await store.results(for: ids)
        return ids.map { TaskStatus(id: $0, result: results[$0], location: waiting?[$0], brokerKnows: waiting != nil) }
    }
}

/// What is known of a task, from the broker and the store together.
package struct TaskStatus: Sendable {
    package let id: TaskID
    package let state: TaskState
    package let result: TaskResult?
    package let location: MessageLocation?

    /// - Parameter brokerKnows: whether the broker can tell where messages are. Where it
    ///   cannot, an id without a result may still be waiting: PENDING, as in Python.
    init(id: TaskID, result: TaskResult?, location: MessageLocation?, brokerKnows: Bool) {
        self.id = id
        self.result = result
        self.location = location
        if let result, result.state.isReady {
            state = result.state
        } else if let location {
            state = location.state
        } else if let result {
            state = result.state
        } else {
            state = brokerKnows ? .unknown : .pending
        }
    }
}
