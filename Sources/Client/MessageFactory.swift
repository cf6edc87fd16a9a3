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
        // A length of time counts from now, which the worker would not know.
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
