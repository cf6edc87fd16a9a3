import CeleryCore
import Tasks
import Wire

/// Decides whether a delivery runs before it takes a slot in the pool.
struct Admission: Sendable {
    let configuration: WorkerConfiguration
    let registry: TaskRegistry
    /// Whether the worker reads changed task files again. Then a program runs only as it was read.
    var followsFiles = false
    var revocations = Revocations()

    enum Decision {
        /// Run the task in the pool.
        case run(JobRequest, TaskDefinition)
        /// Run the task in the worker itself.
        case builtin(BuiltinTask)
        /// Do not run the task; settle the delivery with this outcome.
        case settle(Outcome, reason: String)

        /// Whether the task does not run, whatever else may be the case.
        var isFinal: Bool { if case .settle = self { true } else { false } }
    }

    /// The decision about a task that will never run because another one has not succeeded.
    func withdrawal(of delivery: Delivery, because reason: String, now: Timestamp) -> Decision {
        let outcome = OutcomeBuilder(delivery: delivery, by: configuration, now: now)
            .outcome(.revoked, failure: .revoked(reason))
        return .settle(outcome, reason: reason)
    }

    func decide(_ delivery: Delivery, now: Timestamp) -> Decision {
        let message = delivery.message
        func bury(_ reason: DeathReason, _ failure: TaskFailure, _ text: String) -> Decision {
            .settle(builder(of: delivery, now).burial(reason, failure: failure, crashes: delivery.crashes), reason: text)
        }
        if let defect = delivery.defect {
            return bury(.unreadable, .invalidTask(defect.reason), "it cannot be read: \(defect.reason)")
        }
        // Before all that leaves a result.
        if BuiltinTask(name: message.task) == .probe { return .builtin(.probe) }
        func refuse(_ state: TaskState, _ failure: TaskFailure, _ reason: String) -> Decision {
            .settle(builder(of: delivery, now).outcome(state, failure: failure), reason: reason)
        }
        if let expires = message.expires, expires < now {
            return refuse(.revoked, .revoked("expired"), "expired at \(ISO8601.text(expires))")
        }
        if !revocations.isEmpty, revocations.first(covering: message, now: now) != nil {
            return refuse(.revoked, .revoked("revoked"), "revoked")
        }
        if let task = BuiltinTask(name: message.task) { return .builtin(task) }
        guard let definition = registry[message.task] else {
            if message.task == CommandTask.name, let refusal = configuration.commandRefusal {
                return bury(.unregistered, refusal.failure, refusal.message)
            }
            if DispatchTask(rawValue: message.task) != nil || message.task == Webhook.task {
                return bury(.unregistered, DispatchTask.refusal.failure, DispatchTask.refusal.message)
            }
            return bury(.unregistered, .notRegistered(message.task), "no task of this name is registered here")
        }
        if CrashLimit(of: definition, by: configuration).isReached(crashes: delivery.crashes, doubts: delivery.doubts) {
            let reason = "the process running it was lost \(delivery.crashes + delivery.doubts) times"
            return bury(.lost, .workerLost(reason), reason)
        }
        return .run(request(delivery, definition, now), definition)
    }

    /// Whether nobody wants the result of a message, according to itself, its task or the settings.
    func ignoresResult(_ message: Message) -> Bool {
        message.ignoreResult ?? registry[message.task]?.terms.ignoreResult ?? configuration.ignoreResult
    }

    private func builder(of delivery: Delivery, _ now: Timestamp) -> OutcomeBuilder {
        var builder = OutcomeBuilder(delivery: delivery, by: configuration, now: now)
        builder.ignoresResult = ignoresResult(delivery.message)
        return builder
    }

    private static func possible(_ limit: Double?) -> Double? { limit.map { max(0, $0.possibleSeconds) } }

    private func request(_ delivery: Delivery, _ definition: TaskDefinition, _ now: Timestamp) -> JobRequest {
        let message = delivery.message
        let terms = definition.terms(for: message)
        var program: String?
        var command: CommandPolicy?
        var http: HTTPTask?
        switch definition.kind {
        case .program(let path): program = path
        case .command(let policy): command = policy
        case .http(let task): http = task
        case .swift: break
        }
        var request = JobRequest(
            tag: 0, attempt: delivery.handle.attempt, message: delivery.encoded ?? EncodedMessage(message),
            taskName: message.task, taskID: message.id.text, program: program,
            softTimeLimit: Self.possible(terms.softTimeLimit ?? configuration.softTimeLimit),
            hardTimeLimit: Self.possible(terms.timeLimit ?? configuration.hardTimeLimit),
            maxOutputBytes: terms.maxOutputBytes ?? configuration.maxOutputBytes,
            retry: RetryPlan(for: message, terms, received: now),
            memoryLimit: terms.maxMemoryBytes ?? configuration.maxMemoryBytes)
        request.command = command
        request.http = http
        if http != nil { request.decoded = message }
        request.keptOutputBytes = configuration.keptOutputBytes
        request.logBytes = configuration.logBytesPerTask
        request.said = terms.forChild
        if followsFiles { request.fileMark = definition.fileMark }
        request.deliveryTag = delivery.handle.tag
        request.expires = message.expires?.seconds
        return request
    }
}
