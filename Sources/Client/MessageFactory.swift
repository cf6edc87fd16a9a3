package import CeleryCore
import Glibc
package import Tasks
import Wire

/// Makes messages: arguments encoded, options applied, parent and child linked.
package struct MessageFactory: Sendable {
    private let defaultQueue: String
    private let origin: String
    private let replyTo: String?
    private let parentID: TaskID?
    private let rootID: TaskID?

    /// - Parameters:
    ///   - environment: where a task that submits another finds who it is itself.
    ///   - replyTo: where results are to go, if they are sent and not kept.
    package init(settings: Settings, environment: [String: String], replyTo: String? = nil) {
        self.replyTo = replyTo
        defaultQueue = settings.defaultQueue
        origin = "gen\(getpid())@\(HostName.current)"
        parentID = environment["CELERY_TASK_ID"].flatMap { $0.isEmpty ? nil : TaskID($0) }
        rootID = environment["CELERY_ROOT_ID"].flatMap { $0.isEmpty ? nil : TaskID($0) }
    }

    /// - Parameter task: the options of the task itself, if they are known here.
    package func message(
        _ name: String, args: [JSON], kwargs: JSONObject, options: SendOptions, task: TaskOptions? = nil
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
        message.origin = origin
        message.replyTo = replyTo
        message.parentID = parentID
        message.rootID = rootID ?? message.id
        message.headers = options.headers
        if let key = options.concurrencyKey { message.headers["concurrency_key"] = .string(key) }
        if let retries = options.maxRetries { message.headers["max_retries"] = .int(Int64(retries)) }
        if let delay = options.retryDelay { message.headers["retry_delay"] = .number(delay.inSeconds) }
        return message
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
