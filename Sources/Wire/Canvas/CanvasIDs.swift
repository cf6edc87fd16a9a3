import CeleryCore

/// Assigns ids that clients can wait for, before sending.
struct CanvasIDs {
    let makeID: @Sendable () -> TaskID

    /// Assigns the missing ids of a signature of any kind.
    ///
    /// - Parameter id: The id for a signature without one.
    /// - Returns: The signature's entry among the children of a task.
    func complete(_ signature: inout Signature, id: String? = nil) throws(InvalidSignature) -> JSON {
        let own = signature.options["task_id"]?.stringValue ?? id
        switch CanvasKind(of: signature) {
        case .task, .other:
            let id = own ?? makeID().text
            signature.options["task_id"] = .string(id)
            return [[.string(id), nil], nil]
        case .group:
            let id = own ?? makeID().text
            signature.options["task_id"] = .string(id)
            var members = try CanvasSender.members(of: signature)
            var children: [JSON] = []
            for index in members.indices { children.append(try complete(&members[index])) }
            signature.kwargs["tasks"] = .array(members.map(SignatureCodec.json))
            return [[.string(id), nil], .array(children)]
        case .chain:
            var steps = try SignatureCodec.signatures(signature.kwargs["tasks"])
            guard !steps.isEmpty else { throw InvalidSignature(description: "a chain has no steps") }
            // The last step represents the chain; the others need ids to be marked as failed.
            for index in steps.indices.dropLast() { _ = try complete(&steps[index]) }
            let last = try complete(&steps[steps.count - 1], id: own)
            signature.kwargs["tasks"] = .array(steps.map(SignatureCodec.json))
            return last
        case .chord:
            guard var body = try SignatureCodec.signatures(signature.kwargs["body"]).first else {
                throw InvalidSignature(description: "a chord has no body")
            }
            let result = try complete(&body, id: own)
            signature.kwargs["body"] = SignatureCodec.json(body)
            return result
        }
    }
}
