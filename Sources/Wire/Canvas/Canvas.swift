package import CeleryCore

/// The messages a worker sends when a task is done (`canvas-*` in `Tests/Golden`).
///
/// A message carries its workflow: the callbacks of the task, the rest of its chain, the body of its chord. The
/// worker that runs the
/// task sends the next messages. This is a pure function of message and result; the settler publishes the messages it returns.
/// Chord members are not counted: a task sent with the header waits for the members (`ChordUnlock`).
package enum Canvas {
    /// What follows a result.
    package struct FollowUps: Sendable, Equatable {
        /// Messages to publish.
        package var messages: [Message] = []
        /// For `TaskResult.children`: the ids of sent tasks, in Celery's nested form.
        package var children: [JSON] = []
        /// Tasks that can never run now. Each receives the same failure.
        package var heirs: [Heir] = []
        /// Follow-ups that cannot be sent, described for the log.
        package var unsupported: [String] = []

        package init() {}
    }

    /// A later step of a chain whose earlier step failed.
    package struct Heir: Sendable, Hashable {
        package var id: TaskID
        package var task: String
        /// Where its result is sent.
        package var replyTo: String?
        package var groupID: String?

        package init(id: TaskID, task: String, replyTo: String? = nil, groupID: String? = nil) {
            self.id = id
            self.task = task
            self.replyTo = replyTo
            self.groupID = groupID
        }
    }

    /// What the sender contributes to follow-ups.
    package struct Context: Sendable {
        /// Queue for signatures that name none.
        package var defaultQueue: String
        /// The time from which countdowns run.
        package var now: Timestamp
        /// The worker's name for the header `origin`.
        package var origin: String?
        /// Creates ids for tasks and groups without one.
        package var makeID: @Sendable () -> TaskID

        package init(
            defaultQueue: String = Route.defaultQueue, now: Timestamp = .now, origin: String? = nil,
            makeID: @escaping @Sendable () -> TaskID = { TaskID() }
        ) {
            self.defaultQueue = defaultQueue
            self.now = now
            self.origin = origin
            self.makeID = makeID
        }
    }

    /// The follow-ups of the task of `message` after `result`.
    ///
    /// After SUCCESS these are the callbacks and the next step of the chain; after FAILURE the errbacks; otherwise nothing.
    package static func followUps(
        after message: Message, arguments: TaskArguments, result: TaskResult, context: Context = Context()
    ) -> FollowUps {
        let embed = arguments.embed
        var sender = CanvasSender(context: context)
        let family: JSONObject = [
            "parent_id": .string(message.id.text), "root_id": .string((message.rootID ?? message.id).text),
        ]
        if result.state == .success {
            sender.sendCallbacks(embed.callbacks, value: result.value, options: family)
            sender.sendNextStep(of: embed.chain, value: result.value, options: family)
        } else if result.state == .failure {
            // Celery sends errbacks as a group, even a single one.
            sender.sendGroup(of: embed.errbacks, prepending: [.string(message.id.text)], options: family)
            sender.followUps.heirs = embed.chain.reversed().flatMap(heirs)
        }
        if let trace = TraceContext(message) {
            for index in sender.followUps.messages.indices { trace.write(to: &sender.followUps.messages[index]) }
        }
        return sender.followUps
    }

    /// Ids of the later steps of a message's chain, which fail with it.
    package static func heirs(of message: Message) -> [TaskID] {
        guard let arguments = try? BodyCodec.decode(message.body) else { return [] }
        return arguments.embed.chain.flatMap(heirs).map(\.id)
    }

    /// The ids that clients may wait for in a step that will not run, including nested ones.
    static func heirs(of signature: Signature) -> [Heir] {
        var heirs: [Heir] = []
        if let id = signature.options["task_id"]?.stringValue {
            heirs.append(
                Heir(
                    id: TaskID(id), task: signature.task, replyTo: signature.options["reply_to"]?.stringValue,
                    groupID: signature.options["group_id"]?.stringValue))
        }
        let inner: JSON? =
            switch CanvasKind(of: signature) {
            case .chain, .group: signature.kwargs["tasks"]
            case .chord: signature.kwargs["body"]
            case .task, .other: nil
            }
        // A malformed signature has no ids.
        guard let signatures = try? SignatureCodec.signatures(inner) else { return heirs }
        return heirs + signatures.flatMap(self.heirs)
    }
}

/// The kinds of signatures, by how they are sent.
enum CanvasKind: Sendable, Hashable {
    case task
    case chain
    case group
    case chord
    /// A kind that only Python can expand, such as `chunks`.
    case other(String)

    init(of signature: Signature) {
        switch signature.subtaskType ?? signature.task {
        case "chain", "celery.chain": self = .chain
        case "group", "celery.group": self = .group
        case "chord", "celery.chord": self = .chord
        case "chunks", "celery.chunks": self = .other("chunks")
        // Sent unchanged: every Python worker has tasks with these names.
        case "map", "starmap", "xmap", "xstarmap": self = .task
        default: self = signature.subtaskType.map(CanvasKind.other) ?? .task
        }
    }
}
