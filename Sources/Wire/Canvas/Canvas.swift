package import CeleryCore

/// What a worker sends when a task is done (section 6 of the wire format).
///
/// A message carries its workflow with it: the callbacks of the task, the rest of its
/// chain, the body of its chord. Whoever runs the task sends on what comes next. This
/// is a pure function of message and result; the settler publishes what it returns.
/// A chord is counted by nobody: with its header goes a task that waits for it, `ChordUnlock`.
package enum Canvas {
    /// What follows a result.
    package struct FollowUps: Sendable, Equatable {
        /// To be published.
        package var messages: [Message] = []
        /// For `TaskResult.children`: what was sent, in Celery's nested form.
        package var children: [JSON] = []
        /// Tasks that can never run now. Each is to get the same failure.
        package var heirs: [Heir] = []
        /// What should have followed and does not, in words for the log.
        package var unsupported: [String] = []

        package init() {}
    }

    /// A later step of a chain whose earlier step failed.
    package struct Heir: Sendable, Hashable {
        package var id: TaskID
        package var task: String
        /// Where its own result goes.
        package var replyTo: String?
        package var groupID: String?

        package init(id: TaskID, task: String, replyTo: String? = nil, groupID: String? = nil) {
            self.id = id
            self.task = task
            self.replyTo = replyTo
            self.groupID = groupID
        }
    }

    /// What the sender of follow-ups adds of its own.
    package struct Context: Sendable {
        /// For signatures that name no queue.
        package var defaultQueue: String
        /// The time from which countdowns run.
        package var now: Timestamp
        /// The worker, for the header `origin`.
        package var origin: String?
        /// Makes ids for tasks and groups that have none.
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

    /// What follows the task of `message` now that it came to `result`.
    ///
    /// After SUCCESS the callbacks and the next step of the chain, after FAILURE the
    /// errbacks; after anything else, nothing.
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
            // Celery sends them as a group, even one alone.
            sender.sendGroup(of: embed.errbacks, prepending: [.string(message.id.text)], options: family)
            sender.followUps.heirs = embed.chain.reversed().flatMap(heirs)
        }
        return sender.followUps
    }

    /// Ids of the later steps of a message's chain, which fail with it.
    package static func heirs(of message: Message) -> [TaskID] {
        guard let arguments = try? BodyCodec.decode(message.body) else { return [] }
        return arguments.embed.chain.flatMap(heirs).map(\.id)
    }

    /// The ids that clients wait for in a step that will not run, with those inside it.
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
        // What is no signature cannot be waited for.
        guard let signatures = try? SignatureCodec.signatures(inner) else { return heirs }
        return heirs + signatures.flatMap(self.heirs)
    }
}

/// The kinds of signature that are sent in different ways.
enum CanvasKind: Sendable, Hashable {
    case task
    case chain
    case group
    case chord
    /// A kind that only Python can take apart, such as `chunks`.
    case other(String)

    init(of signature: Signature) {
        switch signature.subtaskType ?? signature.task {
        case "chain", "celery.chain": self = .chain
        case "group", "celery.group": self = .group
        case "chord", "celery.chord": self = .chord
        case "chunks", "celery.chunks": self = .other("chunks")
        // Sent as they are: every Python worker has tasks of these names.
        case "map", "starmap", "xmap", "xstarmap": self = .task
        default: self = signature.subtaskType.map(CanvasKind.other) ?? .task
        }
    }
}
