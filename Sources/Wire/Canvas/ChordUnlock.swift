package import CeleryCore

/// The task that waits until the header of a chord is done, and then sends the body.
///
/// It looks at the results of all members, and is retried until none is missing. Any worker that reaches the result store can run
/// it, Python's as well as ours.
package struct ChordUnlock: Sendable {
    package static let task = "celery.chord_unlock"
    /// Default number of seconds between looks.
    package static let usualInterval = 1.0

    package let groupID: String
    /// The task to send with the values.
    package let body: Signature
    /// Seconds between looks.
    package let interval: Double
    /// `nil` for no limit.
    package let maxRetries: Int?
    private let members: [ChordMember]
    /// The members in encoded form.
    private let tuples: [JSON]

    /// - Parameter members: Results in Celery's nested form.
    init(groupID: String, body: Signature, members: [JSON]) throws(InvalidSignature) {
        self.groupID = groupID
        self.body = body
        interval = Self.usualInterval
        maxRetries = nil
        tuples = members
        self.members = try members.map(ChordMember.init)
    }

    /// Parses the arguments of the task.
    package init(_ arguments: TaskArguments) throws(InvalidSignature) {
        func argument(_ place: Int, _ name: String) -> JSON? {
            place < arguments.args.count ? arguments.args[place] : arguments.kwargs[name]
        }
        guard let groupID = argument(0, "group_id")?.stringValue, let body = argument(1, "callback"),
            let tuples = argument(4, "result")?.arrayValue
        else { throw InvalidSignature(description: "the arguments are not a group id, a body and the results of a header") }
        self.groupID = groupID
        self.body = try SignatureCodec.decode(body)
        let interval = argument(2, "interval")?.doubleValue ?? Self.usualInterval
        self.interval = interval.isFinite ? max(interval.possibleSeconds, Self.shortestInterval) : Self.usualInterval
        maxRetries = argument(3, "max_retries")?.intValue
        self.tuples = tuples
        members = try tuples.map(ChordMember.init)
    }

    /// Lower limit, so that no sender can make it look all the time.
    private static let shortestInterval = 0.1

    /// The signature of its first message.
    var signature: Signature {
        let route = leading(body).options
        var options: JSONObject = ["countdown": .double(Self.usualInterval), "ignore_result": true]
        for name in ["queue", "exchange", "routing_key", "priority"] { options[name] = route[name] }
        var kwargs: JSONObject = ["interval": nil, "max_retries": nil, "result": .array(tuples)]
        // Python needs this for its retries.
        let isDirect = route["exchange"]?.stringValue == nil
        if let type = route["exchange_type"]?.stringValue ?? (isDirect ? "direct" : nil) {
            kwargs["_chord_unlock_exchange_type"] = .string(type)
        }
        return Signature(
            task: Self.task, args: [.string(groupID), SignatureCodec.json(body)], kwargs: kwargs, options: options)
    }

    /// The signature that is sent first: the first step of a chain.
    private func leading(_ signature: Signature) -> Signature {
        guard CanvasKind(of: signature) == .chain, signature.options["queue"]?.stringValue == nil,
            let first = try? SignatureCodec.signatures(signature.kwargs["tasks"]).first
        else { return signature }
        return leading(first)
    }
}

// MARK: Checking the results

extension ChordUnlock {
    /// The result of a look.
    package enum Finding: Sendable, Equatable {
        case unready
        /// The values, in order.
        case ready([JSON])
        /// All members are done; this is the first that did not succeed.
        case failed(TaskID, TaskFailure)
    }

    /// Ids of all members.
    package var ids: [TaskID] { members.flatMap(\.ids) }

    package func look(at results: [TaskID: TaskResult]) -> Finding {
        let ids = ids
        for id in ids where results[id]?.state.isReady != true { return .unready }
        for id in ids {
            guard let result = results[id], result.state != .success else { continue }
            return .failed(id, result.failure ?? TaskFailure(type: "Exception", module: "builtins"))
        }
        return .ready(members.map { $0.value(in: results) })
    }
}

// MARK: Follow-ups

extension ChordUnlock {
    /// The follow-ups that send the body with the values.
    ///
    /// - Parameter message: The message of the unlocking task.
    package func followUps(
        _ values: [JSON], after message: Message, context: Canvas.Context = Canvas.Context()
    ) -> Canvas.FollowUps {
        var sender = CanvasSender(context: context)
        _ = sender.send(body, prepending: [.array(values)], options: family(message))
        return sender.followUps
    }

    /// The follow-ups when the body can never be sent: its errbacks, and the failed tasks, which are the body and all
    /// steps after it.
    ///
    /// - Parameter cause: The failure of a header member.
    package func followUps(
        failing reason: String, cause: TaskFailure? = nil, after message: Message, context: Canvas.Context = Canvas.Context()
    ) -> (next: Canvas.FollowUps, failure: TaskFailure) {
        var sender = CanvasSender(context: context)
        for (id, errbacks) in errbacks(of: body) {
            let root = body.options["root_id"]?.stringValue ?? message.rootID?.text ?? id
            sender.sendGroup(
                of: errbacks, prepending: [.string(id)], options: ["parent_id": .string(id), "root_id": .string(root)])
        }
        let rest = (try? SignatureCodec.signatures(body.options["chain"])) ?? []
        let heirs = Canvas.heirs(of: body) + rest.reversed().flatMap(Canvas.heirs)
        var seen: Set<TaskID> = []
        sender.followUps.heirs = heirs.filter { seen.insert($0.id).inserted }
        sender.followUps.children = []
        let failure = TaskFailure(type: "ChordError", arguments: [.string(reason)])
        // Python reports the original failure to the members of a group.
        return (sender.followUps, CanvasKind(of: body) == .group ? cause ?? failure : failure)
    }

    /// The reason in Python's words.
    package static func reason(_ id: TaskID, _ failure: TaskFailure) -> String {
        let arguments = failure.arguments.map { PythonRepr.text(of: $0) }.joined(separator: ", ")
        return "Dependency \(id) raised \(failure.type)(\(arguments))"
    }

    /// The ids that represent a signature, each with the errbacks to notify.
    private func errbacks(of signature: Signature) -> [(id: String, errbacks: [Signature])] {
        let own = CanvasChain.list(signature.options["link_error"])
        func list(_ values: [JSON]) -> [Signature] { values.compactMap { try? SignatureCodec.decode($0) } }
        let kind = CanvasKind(of: signature)
        let inner = (try? SignatureCodec.signatures(signature.kwargs[kind == .chord ? "body" : "tasks"])) ?? []
        switch kind {
        case .task, .other: return [(signature.options["task_id"]?.stringValue ?? "", list(own))]
        case .chain:
            // Errbacks of a chain are also among the options of each step.
            guard let first = inner.first, let last = inner.last else { return [] }
            let values = own.isEmpty ? CanvasChain.list(first.options["link_error"]) : own
            return [(errbacks(of: last).first?.id ?? "", list(values))]
        case .chord: return inner.prefix(1).flatMap(errbacks).map { ($0.id, list(own) + $0.errbacks) }
        case .group:
            return inner.flatMap(errbacks).map { member in
                (member.id, member.errbacks + list(own).filter { !member.errbacks.contains($0) })
            }
        }
    }

    /// Parent and root of follow-ups: the parent is the unlocking task, the root is that of the chord.
    private func family(_ message: Message) -> JSONObject {
        var family: JSONObject = ["parent_id": .string(message.id.text)]
        if body.options["root_id"]?.stringValue == nil {
            family["root_id"] = .string((message.rootID ?? message.id).text)
        }
        return family
    }
}
