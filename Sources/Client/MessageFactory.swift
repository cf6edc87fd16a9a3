package import CeleryCore
import Glibc
package import Tasks
import Wire

/// Makes messages: encodes arguments, applies options, and links children to their parent task.
package struct MessageFactory: Sendable {
    private let defaultQueue: String
    let replyTo: String?
    private let parentID: TaskID?
    private let rootID: TaskID?
    private let trace: TraceContext?

    /// The name of this process in messages and events.
    static let origin = "gen\(getpid())@\(HostName.current)"

    /// - Parameters:
    ///   - environment: Tells a task that submits other tasks its own id (`CELERY_TASK_ID`, `CELERY_ROOT_ID`) and its trace (`TRACEPARENT`).
    ///   - replyTo: The queue for results, for a store that receives them as messages.
    package init(settings: Settings, environment: [String: String], replyTo: String? = nil) {
        self.replyTo = replyTo
        defaultQueue = settings.defaultQueue
        parentID = environment["CELERY_TASK_ID"].flatMap { $0.isEmpty ? nil : TaskID($0) }
        rootID = environment["CELERY_ROOT_ID"].flatMap { $0.isEmpty ? nil : TaskID($0) }
        trace = TraceContext(environment: environment)
    }

    /// - Parameters:
    ///   - task: The task's own options, if they are known here.
    ///   - sent: When the message is sent; `nil` for a template that is sent repeatedly at later times.
    package func message(
        _ name: String, args: [JSON], kwargs: JSONObject, options: SendOptions, task: TaskOptions? = nil, sent: Timestamp? = .now
    ) -> Message {
        let arguments = TaskArguments(
            args: args, kwargs: kwargs,
            embed: TaskArguments.Embed(callbacks: options.link, errbacks: options.linkError))
        var message = Message(id: options.id ?? TaskID(), task: name, body: BodyCodec.encode(arguments))
        message.groupID = options.groupID
        message.groupIndex = options.groupIndex
        let common = CommonOptions.table
        message.route = Route(queue: task?[common.queue] ?? defaultQueue)
        message.priority = task?[common.priority]
        message.origin = Self.origin
        message.replyTo = replyTo
        message.parentID = parentID
        message.rootID = rootID ?? message.id
        options.said.write(to: &message)
        (TraceContext.current ?? trace)?.write(to: &message)
        // A duration counts from the time of sending, which the worker would not know.
        if let until = (options.said[common.retryUntil] ?? nil) ?? task?[common.retryUntil] {
            var end = OptionValues()
            end[common.retryUntil] = sent.map { .at(until.time(sent: $0, eta: message.eta)) } ?? until
            end.write(to: &message)
        }
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
