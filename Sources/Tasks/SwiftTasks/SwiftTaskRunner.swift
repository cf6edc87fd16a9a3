package import CeleryCore

/// A type-erased Swift task, stored in the registry and called by the pool child.
package struct SwiftTaskRunner: Sendable {
    package let name: String
    package let options: TaskOptions
    private let message: ErrorMessage
    private let body: @Sendable (TaskArguments, TaskContext) async throws -> JSON

    package init<T: CeleryTask>(_ type: T.Type, message: @escaping ErrorMessage = { _ in nil }) {
        self.init(name: T.name, options: T.options, message: message) { arguments, context in
            let task = try ArgumentsDecoder.decode(T.self, args: arguments.args, kwargs: arguments.kwargs)
            return try JSONValueEncoder.encode(await task.run(context))
        }
    }

    /// - Parameters:
    ///   - message: The message of an error that the task throws; `nil` uses its description.
    ///   - body: Decodes the arguments, does the work and encodes the return value.
    init(
        name: String, options: TaskOptions, message: @escaping ErrorMessage,
        body: @escaping @Sendable (TaskArguments, TaskContext) async throws -> JSON
    ) {
        (self.name, self.options, self.message, self.body) = (name, options, message, body)
    }

    /// Decodes the arguments, runs the task and encodes the return value.
    package func run(_ arguments: TaskArguments, _ context: TaskContext) async -> RunReport {
        do {
            return .success(try await body(arguments, context))
        } catch let retry as TaskRetry {
            return .retry(delay: retry.delay, cause: retry.cause.map { TaskFailure(error: $0, message: message) })
        } catch {
            let failure = failure(of: error, in: context)
            let traceback =
                "\(context.taskName)[\(context.taskID)], attempt \(context.attempt):\n\(failure.type): \(failure.message)\n"
            return .failure(failure, traceback: traceback)
        }
    }

    private func failure(of error: any Error, in context: TaskContext) -> TaskFailure {
        if let mistake = error as? ArgumentsError { return mistake.failure(of: name) }
        // A task that stops when it is cancelled at its soft time limit has failed with SoftTimeLimitExceeded.
        if error is CancellationError, let limit = context.interruption.softTimeLimit {
            return .softTimeLimitExceeded(limit.inSeconds)
        }
        return TaskFailure(error: error, message: message)
    }
}
