package import CeleryCore
import Glibc
package import Tasks
import Wire

/// Makes messages: arguments encoded, options applied, parent and child linked.
package struct MessageFactory: Sendable {
    private let defaultQueue: String
    private let replyTo: String?
    private let parentID: TaskID?
    private let rootID: TaskID?

    /// This process, as messages and events name it.
    static let origin = "gen\(getpid())@\(HostName.current)"

    /// - Parameters:
    ///   - environment: where a task that submits another finds who it is itself.
    ///   - replyTo: where results are to go, if they are sent and not kept.
    package init(settings: Settings, environment: [String: String], replyTo: String? = nil) {
        self.replyTo = replyTo
        defaultQueue = settings.defaultQueue
        parentID = environment["CELERY_TASK_ID"].flatMap { $0.isEmpty ? nil : TaskID($0) }
        rootID = environment["CELERY_ROOT_ID"].flatMap { $0.isEmpty ? nil : TaskID($0) }
    }

    /// - Parameters:
    ///   - task: the options of the task itself, if they are known here.
    ///   - sent: when it is sent; `nil` for a message that is sent later, time and again.
    package func message(
        _ name: String, args: [JSON], kwargs: JSONObject, options: SendOptions, task: TaskOptions? = nil, sent: Timestamp? = .now
    ) -> Message {
        let arguments = TaskArguments(
            args: args, kwargs: kwargs,
            embed: TaskArguments.Embed(callbacks: options.link, errbacks: options.linkError))
        var message = Message(id: options.id ?? TaskID(), task: name, body: BodyCodec.encode(arguments))
        message.eta = options.eta
        message.expires = options.expires
        message.priority = options.priority ?? task?.priority
        message.hardTimeLimit = options.timeLimit?.inSeconds
        message.softTimeLimit = options.softTimeLimit?.inSeconds
        message.ignoreResult = options.ignoreResult
        message.groupID = options.groupID
        message.groupIndex = options.groupIndex
        message.route = Route(
            queue: options.queue ?? task?.queue ?? defaultQueue, exchange: options.exchange, routingKey: options.routingKey)
        message.origin = Self.origin
        message.replyTo = replyTo
        message.parentID = parentID
        message.rootID = rootID ?? message.id
        message.headers = options.headers
        if let key = options.concurrencyKey { message.headers["concurrency_key"] = .string(key) }
        addRetryHeaders(options, task, sent, to: &message)
        return message
    }

    private func addRetryHeaders(_ options: SendOptions, _ task: TaskOptions?, _ sent: Timestamp?, to message: inout Message) {
        func add(_ name: String, _ value: JSON?) { if let value { message.headers[name] = value } }
        func seconds(_ duration: Duration?) -> JSON? { duration.map { .number($0.inSeconds) } }
        add(RetryHeader.limit, options.maxRetries.map { .int(Int64($0)) })
        add(RetryHeader.delay, seconds(options.retryDelay))
        add(RetryHeader.backoff, seconds(options.retryBackoff))
        add(RetryHeader.backoffMaximum, seconds(options.retryBackoffMax))
        add(RetryHeader.jitter, options.retryJitter.map(JSON.bool))
        add(RetryHeader.causes, options.autoretryFor.map { RetryHeader.json($0) })
        add(RetryHeader.memory, options.maxMemoryBytes.map { .int(Int64($0)) })
        // A length of time counts from now, which the worker would not know.
        if let until = options.retryUntil ?? task?.retryUntil.map(RetryUntil.within) {
            add(RetryHeader.until, RetryHeader.json(sent.map { .at(until.time(sent: $0, eta: message.eta)) } ?? until))
        }
    }
}

/// The name of this machine. The corresponding C function is `gethostname`.
package enum HostName {
    package static let current: String = {
        var buffer = [CChar](repeating: 0, count: 256)
        guard gethostname(&buffer, buffer.count - 1) == 0 else { return "localhost" }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }()
}
