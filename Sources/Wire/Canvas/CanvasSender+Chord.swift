import CeleryCore

extension CanvasSender {
    /// Sends the header of a chord, and the task that waits for it and then sends the body.
    mutating func sendChord(
        _ signature: Signature, prepending args: [JSON], options: JSONObject
    ) throws(InvalidSignature) -> JSON? {
        let chord = try CanvasChord(signature, options: options, makeID: context.makeID)
        let before = followUps.messages.count
        let sent = try sendGroup(
            chord.header, prepending: signature.completedArgs(args), options: chord.headerOptions)
        guard let sent, let members = sent.arrayValue?.last?.arrayValue else {
            // No member would ever end, so send the body at once.
            return send(chord.body, prepending: [[]], options: ["parent_id": options["parent_id"] ?? nil])
        }
        guard try members.count == Self.members(of: chord.header).count else {
            // The body must not run with an incomplete header.
            followUps.messages.removeSubrange(before...)
            throw InvalidSignature(description: "a member of the header cannot be sent")
        }
        let unlock = try ChordUnlock(groupID: chord.groupID, body: chord.body, members: members)
        _ = try sendTask(unlock.signature, prepending: [], options: Self.family(of: options))
        return Self.result(chord.bodyResult, after: sent)
    }

    /// Parent and root only: other options of the chord are not for the unlocking task.
    private static func family(of options: JSONObject) -> JSONObject {
        ["parent_id": options["parent_id"] ?? nil, "root_id": options["root_id"] ?? nil]
    }

    /// The entry of a body, with its header as the parent.
    private static func result(_ body: JSON, after header: JSON) -> JSON {
        guard let parts = body.arrayValue, parts.count == 2, let id = parts[0].arrayValue?.first else { return body }
        return [[id, header], parts[1]]
    }
}
