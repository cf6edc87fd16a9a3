/// Keeping what the attempts of tasks wrote, beside their results and for as long.
package protocol OutputKeeping: ResultStore {
    /// Keeps output. What an attempt had written at its end is not replaced by what it had written before.
    ///
    /// Output is dropped with the result of its task by `forget`, and by `ResultExpiring.dropExpired`.
    func keep(_ outputs: [AttemptOutput]) async throws

    /// The kept output of a task, by attempt.
    ///
    /// - Parameter attempt: The first attempt to return.
    func outputs(of id: TaskID, from attempt: Int) async throws -> [AttemptOutput]
}

/// The output of one attempt.
package struct AttemptOutput: Sendable, Equatable {
    package var id: TaskID
    /// Number of the attempt, from 1.
    package var attempt: Int
    /// Whether the attempt has ended.
    package var isFinal: Bool
    /// An encoded `TaskOutput`.
    package var content: [UInt8]

    package init(id: TaskID, attempt: Int, isFinal: Bool, content: [UInt8]) {
        self.id = id
        self.attempt = attempt
        self.isFinal = isFinal
        self.content = content
    }

    /// The number of attempts of a task whose output is kept; a task that is retried for ever does not fill the store.
    package static let attemptLimit = 20
}

extension DriverError {
    /// The store does not conform to `OutputKeeping`.
    package static func keepsNoOutput(_ location: String) -> DriverError {
        var error = DriverError.lacks("keep the output of tasks", location)
        error.hint = "keep results in a SQLite file or in PostgreSQL, with CELERY_RESULT_BACKEND = \"sqlite:///PATH\" or \"postgresql://HOST/DATABASE\""
        return error
    }
}
