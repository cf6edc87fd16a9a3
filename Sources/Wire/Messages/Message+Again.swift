package import CeleryCore

extension Message {
    /// The header with the id of the task that this one repeats.
    package static let repeatsHeader = "celery_retry_of"

    /// The same call under a new id: arguments, options, callbacks and the rest of its chain, without what belonged to the
    /// earlier call alone: retries, attempts, times that are over, its group and chord, which have counted it.
    ///
    /// Later tasks of its workflow get new ids as well: those of the earlier call have a result by now.
    ///
    /// - Parameters:
    ///   - factory: Tells who sends, and where results are expected.
    /// - Throws: `BodyError` when the workflow of the message cannot be read.
    package func again(id new: TaskID = TaskID(), origin: String?, replyTo: String?, now: Timestamp) throws(BodyError) -> Message {
        var message = backToItsQueue
        _ = message.takeAttempts()
        message.id = new
        message.headers[Self.repeatsHeader] = .string(id.text)
        message.retries = 0
        message.eta = nil
        if let expires, expires <= now { message.expires = nil }
        message.origin = origin
        message.replyTo = replyTo
        message.correlationID = nil
        (message.groupID, message.groupIndex) = (nil, nil)
        if rootID == nil || rootID == id { message.rootID = new }
        // An end of retries that is a time belongs to the earlier call.
        let retryUntil = CommonOptions.table.retryUntil
        if case .at(let end)? = OptionValues(saidBy: self)[retryUntil] ?? nil, end <= now { message.headers[retryUntil.name] = nil }
        var arguments = try BodyCodec.decode(body)
        guard !arguments.embed.isEmpty else { return message }
        arguments.embed.chord = nil
        var ids = RenewedIDs(old: id, new: new)
        arguments.embed.chain = arguments.embed.chain.map { ids.renewed($0) }
        arguments.embed.callbacks = arguments.embed.callbacks.map { ids.renewed($0) }
        arguments.embed.errbacks = arguments.embed.errbacks.map { ids.renewed($0) }
        message.body = BodyCodec.encode(arguments)
        return message
    }
}

/// New ids for the tasks of a workflow that is sent again: the same one wherever the old one stood.
private struct RenewedIDs {
    private var renewed: [String: String]

    init(old: TaskID, new: TaskID) { renewed = [old.text: new.text] }

    mutating func renewed(_ signature: Signature) -> Signature {
        var signature = signature
        signature.options = options(signature.options)
        if signature.subtaskType != nil { signature.kwargs = parts(signature.kwargs) }
        return signature
    }

    /// The options of a signature: its own ids, and signatures linked to it.
    private mutating func options(_ object: JSONObject) -> JSONObject {
        var result = object
        for (key, value) in object.members {
            if let id = value.stringValue, ["task_id", "group_id", "root_id", "parent_id"].contains(key) {
                let new = renewed[id] ?? TaskID().text
                renewed[id] = new
                result[key] = .string(new)
            } else if ["link", "link_error", "chord"].contains(key) {
                result[key] = signatures(value)
            }
        }
        return result
    }

    /// The keyword arguments of a group, chain or chord, which hold its signatures.
    private mutating func parts(_ object: JSONObject) -> JSONObject {
        var result = object
        for (key, value) in object.members { result[key] = signatures(value) }
        return result
    }

    private mutating func signatures(_ value: JSON) -> JSON {
        switch value {
        case .array(let elements):
            var result: [JSON] = []
            for element in elements { result.append(signatures(element)) }
            return .array(result)
        case .object(var object):
            if let own = object["options"]?.objectValue { object["options"] = .object(options(own)) }
            if let own = object["kwargs"]?.objectValue, object["subtask_type"]?.stringValue != nil { object["kwargs"] = .object(parts(own)) }
            return .object(object)
        default: return value
        }
    }
}
