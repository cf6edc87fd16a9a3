import CeleryCore
import Tasks
import Wire

/// Decides what becomes of a delivery before it takes a place in the pool.
struct Admission: Sendable {
    let configuration: WorkerConfiguration
    let registry: TaskRegistry

    /// A child's death is laid to the task it ran, and counted there. The death of a whole
    /// worker says little of any one task: most of what it held only waited for a child. So
    /// only a task that was there so many times as often is given up for it.
    static let workerDeathAllowance = 5

    enum Decision {
        /// It runs.
        case run(JobRequest, TaskDefinition)
        /// The worker does it itself.
        case builtin(BuiltinTask)
        /// It does not, and that is its outcome.
        case settle(Outcome, reason: String)
    }

    func decide(_ delivery: Delivery, now: Timestamp) -> Decision {
        let message = delivery.message
        func refuse(_ state: TaskState, _ failure: TaskFailure, _ reason: String) -> Decision {
            let outcome = OutcomeBuilder(delivery: delivery, worker: configuration.identity.name, now: now)
                .outcome(state, failure: failure)
            return .settle(outcome, reason: reason)
        }
        if let expires = message.expires, expires < now {
            return refuse(.revoked, .revoked("expired"), "expired at \(ISO8601.text(expires))")
        }
        if let task = BuiltinTask(name: message.task) { return .builtin(task) }
        guard let definition = registry[message.task] else {
            return refuse(.failure, .notRegistered(message.task), "no task of this name is registered here")
        }
        // Executions that neither ended nor asked to be tried again lost their process.
        let crashes = delivery.handle.attempt - 1 - message.retries
        let crashLimit = definition.options.crashLimit ?? configuration.crashLimit
        if crashes >= crashLimit * Self.workerDeathAllowance {
            let reason = "the process running it was lost \(crashes) times"
            return refuse(.failure, .workerLost(reason), reason)
        }
        return .run(request(delivery, definition, now), definition)
    }

    private static func possible(_ limit: Double?) -> Double? { limit.map { max(0, $0.possibleSeconds) } }

    /// A limit of a message; 0 is none, as in Python, and leaves it to the task.
    private static func given(_ limit: Double?) -> Double? { limit.flatMap { $0 > 0 ? $0 : nil } }

    private func request(_ delivery: Delivery, _ definition: TaskDefinition, _ now: Timestamp) -> JobRequest {
        let message = delivery.message
        let options = definition.options
        var program: String?
        if case .program(let path) = definition.kind { program = path }
        return JobRequest(
            tag: 0, attempt: delivery.handle.attempt, message: EncodedMessage(message),
            taskName: message.task, taskID: message.id.text, program: program,
            softTimeLimit: Self.possible(
                Self.given(message.softTimeLimit) ?? options.softTimeLimit?.inSeconds ?? configuration.softTimeLimit),
            hardTimeLimit: Self.possible(
                Self.given(message.hardTimeLimit) ?? options.timeLimit?.inSeconds ?? configuration.hardTimeLimit),
            maxOutputBytes: options.maxOutputBytes ?? configuration.maxOutputBytes,
            retry: RetryPolicy.plan(for: message, options, received: now),
            memoryLimit: message.headers[RetryHeader.memory]?.intValue.flatMap { $0 > 0 ? $0 : nil }
                ?? options.maxMemoryBytes ?? configuration.maxMemoryBytes)
    }
}
