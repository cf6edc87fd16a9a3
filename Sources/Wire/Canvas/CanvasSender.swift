import CeleryCore

/// Converts signatures into messages, and collects them.
struct CanvasSender {
    var followUps = Canvas.FollowUps()
    let context: Canvas.Context

    init(context: Canvas.Context) { self.context = context }

    mutating func report(_ text: String) { followUps.unsupported.append(text) }

    /// Sends the value of a task to its callbacks: a single one by itself, several as a group.
    mutating func sendCallbacks(_ callbacks: [Signature], value: JSON, options: JSONObject) {
        if callbacks.count == 1 {
            addChild(send(callbacks[0], prepending: [value], options: options))
            return
        }
        // A group among several callbacks stays a separate group.
        for group in callbacks where CanvasKind(of: group) == .group {
            addChild(send(group, prepending: [value], options: options))
        }
        sendGroup(
            of: callbacks.filter { CanvasKind(of: $0) != .group }, prepending: [value], options: options)
    }

    /// Sends the last element of a chain, with the rest as its chain.
    mutating func sendNextStep(of chain: [Signature], value: JSON, options: JSONObject) {
        guard let next = chain.last else { return }
        var options = options
        options["chain"] = Self.list(chain.dropLast())
        addChild(send(next, prepending: [value], options: options))
    }

    /// Sends signatures as the members of a new group.
    mutating func sendGroup(of members: [Signature], prepending args: [JSON], options: JSONObject) {
        guard !members.isEmpty else { return }
        let group = Signature(
            task: "celery.group", kwargs: ["tasks": .array(members.map(SignatureCodec.json))], subtaskType: "group")
        addChild(send(group, prepending: args, options: options))
    }

    private mutating func addChild(_ child: JSON?) {
        if let child { followUps.children.append(child) }
    }

    private static func list(_ signatures: some Sequence<Signature>) -> JSON? {
        let list = signatures.map(SignatureCodec.json)
        return list.isEmpty ? nil : .array(list)
    }
}

// MARK: One signature

extension CanvasSender {
    /// Sends a signature of any kind. Returns its entry among the children of the task; `nil` when nothing was sent.
    mutating func send(_ signature: Signature, prepending args: [JSON], options: JSONObject) -> JSON? {
        do throws(InvalidSignature) {
            switch CanvasKind(of: signature) {
            case .task: return try sendTask(signature, prepending: args, options: options)
            case .chain: return try sendChain(signature, prepending: args, options: options)
            case .group: return try sendGroup(signature, prepending: args, options: options)
            case .chord: return try sendChord(signature, prepending: args, options: options)
            case .other(let kind): report("\(kind) is not sent: \(signature.task)")
            }
        } catch {
            report("\(signature.task) is not sent: \(error)")
        }
        return nil
    }

    mutating func sendTask(
        _ signature: Signature, prepending args: [JSON], options: JSONObject
    ) throws(InvalidSignature) -> JSON? {
        let options = SignatureOptions(signature.mergedOptions(options), task: signature.task)
        var message = try options.message(context: context)
        let arguments = TaskArguments(
            args: signature.completedArgs(args), kwargs: signature.kwargs, embed: try options.embed())
        message.body = BodyCodec.encode(arguments)
        followUps.messages.append(message)
        return [[.string(message.id.text), nil], nil]
    }

    /// Sends every member with the same arguments. A group followed by further steps becomes a chord.
    mutating func sendGroup(
        _ signature: Signature, prepending args: [JSON], options: JSONObject
    ) throws(InvalidSignature) -> JSON? {
        var options = signature.mergedOptions(options)
        if let chord = try CanvasChord.upgrade(signature, options) {
            return try sendChord(chord.signature, prepending: args, options: chord.options)
        }
        let id = options["task_id"]?.stringValue ?? context.makeID().text
        options["task_id"] = nil
        let args = signature.completedArgs(args)
        var children: [JSON] = []
        for (index, member) in try Self.members(of: signature).enumerated() {
            var options = options
            options["group_id"] = .string(id)
            // A member with an index keeps it.
            options["group_index"] = member.options["group_index"]?.intValue == nil ? .int(Int64(index)) : nil
            if let child = send(member, prepending: args, options: options) { children.append(child) }
        }
        return children.isEmpty ? nil : [[.string(id), nil], .array(children)]
    }

    /// The members of a group, with nested groups expanded.
    static func members(of group: Signature) throws(InvalidSignature) -> [Signature] {
        var members: [Signature] = []
        for member in try SignatureCodec.signatures(group.kwargs["tasks"]) {
            if CanvasKind(of: member) == .group {
                members += try self.members(of: member)
            } else {
                members.append(member)
            }
        }
        return members
    }

    /// Sends the first step, with the others as its chain.
    private mutating func sendChain(
        _ signature: Signature, prepending args: [JSON], options: JSONObject
    ) throws(InvalidSignature) -> JSON? {
        let chain = CanvasChain(options: signature.mergedOptions(options))
        guard let steps = try chain.steps(of: signature, makeID: context.makeID), let first = steps.first else {
            return nil
        }
        let sent = send(
            first, prepending: signature.completedArgs(args), options: chain.firstOptions(following: steps.dropFirst()))
        guard sent != nil, steps.count > 1 else { return sent }
        // The last step represents the chain, and each step has the one before as its parent.
        var parent: JSON = nil
        for step in steps { parent = [[step.options["task_id"] ?? nil, parent], nil] }
        return parent
    }
}

extension Signature {
    /// Its own options, overridden by those the sender sets. A signature keeps its own group and stamps, or clients waiting for
    /// them would wait in vain.
    func mergedOptions(_ others: JSONObject) -> JSONObject {
        var merged = options
        for (name, value) in others.members where !value.isNull {
            if ["group_id", "stamped_headers"].contains(name), let own = options[name], !own.isNull { continue }
            merged[name] = value
        }
        return merged
    }

    /// The given arguments followed by its own; only its own if immutable.
    func completedArgs(_ given: [JSON]) -> [JSON] { isImmutable ? args : given + args }
}
