import CeleryCore

/// The parsed options of a signature (`canvas-*` in `Tests/Golden`).
///
/// Python passes them to `apply_async`; here they become fields of the message.
struct SignatureOptions {
    private let options: JSONObject
    private let task: String

    init(_ options: JSONObject, task: String) {
        self.options = options
        self.task = task
    }

    /// The message for the signature's task, without a body.
    func message(context: Canvas.Context) throws(InvalidSignature) -> Message {
        let id = text("task_id").map(TaskID.init) ?? context.makeID()
        var message = Message(id: id, task: task, body: MessageBody(bytes: []))
        message.route = route(context)
        message.replyTo = text("reply_to")
        message.groupID = text("group_id")
        message.groupIndex = options["group_index"]?.intValue
        message.rootID = text("root_id").map(TaskID.init)
        message.parentID = text("parent_id").map(TaskID.init)
        message.shadow = text("shadow")
        message.origin = context.origin
        message.priority = options["priority"]?.intValue
        message.retries = min(max(0, options["retries"]?.intValue ?? 0), Int(Int32.max))
        message.ignoreResult = options["ignore_result"]?.boolValue
        message.hardTimeLimit = options["time_limit"]?.doubleValue
        message.softTimeLimit = options["soft_time_limit"]?.doubleValue
        message.isPersistent = options["delivery_mode"]?.intValue != 1
        message.eta = try time("eta", context.now)
        if let countdown = try countdown(context.now) { message.eta = countdown }
        message.expires = try time("expires", context.now)
        message.headers = headers
        return message
    }

    /// The workflow after the task: its own links, and those of the workflow around it.
    func embed() throws(InvalidSignature) -> TaskArguments.Embed {
        var embed = TaskArguments.Embed()
        embed.callbacks = try SignatureCodec.signatures(options["link"])
        embed.errbacks = try SignatureCodec.signatures(options["link_error"])
        embed.chain = try SignatureCodec.signatures(options["chain"])
        embed.chord = try SignatureCodec.signatures(options["chord"]).first
        return embed
    }

    /// A routing key applies to a named exchange; for the default exchange it is the queue.
    private func route(_ context: Canvas.Context) -> Route {
        let queue = text("queue"), routingKey = text("routing_key")
        guard let exchange = text("exchange"), !exchange.isEmpty else {
            return Route(queue: queue ?? routingKey ?? context.defaultQueue)
        }
        return Route(queue: queue ?? context.defaultQueue, exchange: exchange, routingKey: routingKey)
    }

    private func text(_ name: String) -> String? { options[name]?.stringValue }

    private func countdown(_ now: Timestamp) throws(InvalidSignature) -> Timestamp? {
        guard let value = options["countdown"], !value.isNull else { return nil }
        guard let seconds = value.doubleValue, seconds.isFinite else { throw invalid("countdown") }
        return Timestamp(seconds: now.seconds + seconds.possibleSeconds)
    }

    /// A time; for `expires` also a number of seconds from now.
    private func time(_ name: String, _ now: Timestamp) throws(InvalidSignature) -> Timestamp? {
        guard let value = options[name].map(PythonTypes.simplify), !value.isNull else { return nil }
        if name == "expires", let seconds = value.doubleValue, seconds.isFinite {
            return Timestamp(seconds: now.seconds + seconds.possibleSeconds)
        }
        guard let time = value.stringValue.flatMap({ ISO8601.timestamp($0) }) else { throw invalid(name) }
        return time
    }

    private func invalid(_ name: String) -> InvalidSignature {
        InvalidSignature(description: "the \(name) of the signature of \(task) is not a time")
    }

    /// The caller's headers, and the stamps, whose values are among the options.
    private var headers: JSONObject {
        var headers = options["headers"]?.objectValue ?? [:]
        if let names = options["stamped_headers"]?.arrayValue, !names.isEmpty {
            headers["stamped_headers"] = .array(names)
            headers["stamps"] = .object(
                JSONObject(names.compactMap(\.stringValue).compactMap { name in options[name].map { (name, $0) } }))
        }
        if let nesting = options["replaced_task_nesting"] { headers["replaced_task_nesting"] = nesting }
        return headers
    }
}
