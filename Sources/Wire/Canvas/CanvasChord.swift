import CeleryCore

/// A chord about to be sent: distributes its options to header and body.
struct CanvasChord {
    /// The group of tasks to wait for.
    let header: Signature
    let headerOptions: JSONObject
    let groupID: String
    /// The task that receives all values. It already has its ids, so that clients can wait for it.
    let body: Signature
    /// The body's entry among the children of a task.
    let bodyResult: JSON

    /// - Parameter options: Options of the sender.
    init(_ chord: Signature, options: JSONObject, makeID: @escaping @Sendable () -> TaskID) throws(InvalidSignature) {
        let options = chord.mergedOptions(options)
        var header = try Self.header(of: chord)
        guard var body = try SignatureCodec.signatures(chord.kwargs["body"]).first else {
            throw InvalidSignature(description: "a chord has no body")
        }
        groupID = header.options["task_id"]?.stringValue ?? makeID().text
        header.options["task_id"] = .string(groupID)

        Self.complete(&body, with: options)
        if body.options["group_id"]?.stringValue == nil { body.options["group_id"] = .string(groupID) }
        bodyResult = try CanvasIDs(makeID: makeID).complete(&body, id: options["task_id"]?.stringValue)
        self.body = body

        var headerOptions = options
        for name in ["task_id", "group_id", "group_index", "chain", "chord", "link", "link_error"] { headerOptions[name] = nil }
        self.headerOptions = headerOptions
        self.header = try Self.uncounted(header)
    }

    /// The header without the option by which workers count members, in stores that count: a task that waits for the members is sent
    /// with them, and the body must not be sent by both. Python's clients put the option into every chord of a workflow.
    private static func uncounted(_ signature: Signature) throws(InvalidSignature) -> Signature {
        var signature = signature
        signature.options["chord"] = nil
        switch CanvasKind(of: signature) {
        case .group:
            let members = try SignatureCodec.signatures(signature.kwargs["tasks"]).map(uncounted)
            signature.kwargs["tasks"] = .array(members.map(SignatureCodec.json))
        case .chain:
            var steps = try SignatureCodec.signatures(signature.kwargs["tasks"])
            // The last step stands for the chain.
            guard let last = steps.popLast() else { break }
            steps.append(try uncounted(last))
            signature.kwargs["tasks"] = .array(steps.map(SignatureCodec.json))
        case .chord:
            guard let body = try SignatureCodec.signatures(signature.kwargs["body"]).first else { break }
            signature.kwargs["body"] = SignatureCodec.json(try uncounted(body))
        default: break
        }
        return signature
    }

    /// Converts a group followed by further steps into a chord whose body is the next step.
    static func upgrade(
        _ group: Signature, _ options: JSONObject
    ) throws(InvalidSignature) -> (signature: Signature, options: JSONObject)? {
        guard let rest = options["chain"]?.arrayValue, let next = rest.last else { return nil }
        var options = options
        var header = group
        header.options = ["task_id": options["task_id"] ?? nil]
        options["task_id"] = nil
        options["chain"] = rest.count > 1 ? .array(rest.dropLast()) : nil
        let chord = Signature(
            task: "celery.chord", kwargs: ["header": SignatureCodec.json(header), "body": next], subtaskType: "chord",
            isImmutable: group.isImmutable)
        // The arguments are added to those of the group when its members are sent.
        return (chord, options)
    }

    /// The header as a group, from a group or a list of members.
    private static func header(of chord: Signature) throws(InvalidSignature) -> Signature {
        let members = try SignatureCodec.signatures(chord.kwargs["header"])
        var group = Signature(task: "celery.group", subtaskType: "group")
        if members.count == 1, CanvasKind(of: members[0]) == .group {
            group = members[0]
        } else {
            group.kwargs = ["tasks": .array(members.map(SignatureCodec.json))]
        }
        guard let common = chord.kwargs["kwargs"]?.objectValue, !common.isEmpty else { return group }
        let completed = try CanvasSender.members(of: group).map { member in
            var member = member
            if !member.isImmutable { for (name, value) in common.members { member.kwargs[name] = value } }
            return SignatureCodec.json(member)
        }
        group.kwargs["tasks"] = .array(completed)
        return group
    }

    /// Gives the body the options of the chord, except those that determine its start: the body represents the chord.
    private static func complete(_ body: inout Signature, with options: JSONObject) {
        let own = ["task_id", "parent_id", "countdown", "eta", "link", "link_error"]
        for (name, value) in options.members where !value.isNull && !own.contains(name) { body.options[name] = value }
        for name in ["link", "link_error"] {
            let added = CanvasChain.list(options[name])
            if !added.isEmpty { body.link(name, added) }
        }
    }
}

extension Signature {
    /// Adds callbacks or errbacks; for a group, to each member.
    fileprivate mutating func link(_ option: String, _ values: [JSON]) {
        guard CanvasKind(of: self) == .group, options[option]?.isNull ?? true,
            var members = try? SignatureCodec.signatures(kwargs["tasks"])
        else { return extend(option, values) }
        for index in members.indices { members[index].extend(option, values) }
        kwargs["tasks"] = .array(members.map(SignatureCodec.json))
    }
}
