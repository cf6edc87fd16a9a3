package import CeleryCore

extension Client {
    /// Waits until each task has a final result, and passes each result once to `onResult` as it arrives.
    ///
    /// - Parameter timeout: `nil` waits forever.
    /// - Returns: The tasks without a result.
    package func wait(
        for ids: [TaskID], timeout: Duration?, onResult: (TaskResult) throws -> Void
    ) async throws -> Unfinished {
        var wait = ResultWait(client: self, ids: ids, timeout: timeout)
        return try await wait.run(onResult)
    }

    /// What broker and store know about tasks, in the order of `ids`.
    package func status(of ids: [TaskID]) async throws -> [TaskStatus] {
        // Asks the broker first: a task that ends between the two queries is then found in the store.
        let waiting = try await (broker as? any MessageLocating)?.locate(ids)
        let results = try await store.results(for: ids)
        return ids.map { TaskStatus(id: $0, result: results[$0], location: waiting?[$0], brokerKnows: waiting != nil) }
    }
}

/// What broker and store together know about a task.
package struct TaskStatus: Sendable {
    package let id: TaskID
    package let state: TaskState
    package let result: TaskResult?
    package let location: MessageLocation?
    /// What the running task says about itself; `nil` if nothing.
    package var progress: TaskProgress? { state == result?.state ? result.flatMap { TaskProgress($0) } : nil }

    /// - Parameter brokerKnows: Whether the broker can locate messages. Otherwise an id without a result
    ///   may still be waiting: its state is PENDING, as in Python.
    init(id: TaskID, result: TaskResult?, location: MessageLocation?, brokerKnows: Bool) {
        self.id = id
        self.result = result
        self.location = location
        if let result, result.state.isReady {
            state = result.state
        } else if let location {
            // What the running attempt says about itself is more than the broker can tell.
            let isNewer = location.state == .started && result?.state.isUnderway == true && result!.attempt >= location.attempt
            state = isNewer ? result!.state : location.state
        } else if let result {
            state = result.state
        } else {
            state = brokerKnows ? .unknown : .pending
        }
    }
}
