package import CeleryCore

extension Canvas {
    /// That a task is a member of a chord.
    package struct Membership: Sendable, Equatable {
        package let id: TaskID
        /// The id of the header.
        package let group: String
        package let index: Int?
        /// The task that receives the results of all members.
        package let body: Signature

        init(id: TaskID, group: String, index: Int?, body: Signature) {
            (self.id, self.group, self.index, self.body) = (id, group, index, body)
        }

        /// - Returns: `nil` for a body that is no signature.
        package init?(id: TaskID, group: String, index: Int?, encodedBody: [UInt8]) {
            guard let json = try? JSON(parsing: encodedBody), let body = try? SignatureCodec.decode(json) else { return nil }
            self.init(id: id, group: group, index: index, body: body)
        }

        package var encodedBody: [UInt8] { SignatureCodec.json(body).bytes(style: .python) }
    }

    /// The memberships that end with the task of `message`: its own, and after a failure those of later steps of its chain, which
    /// will never run. A task that is tried again has none.
    package static func memberships(after message: Message, arguments: TaskArguments, state: TaskState) -> [Membership] {
        guard state.isReady else { return [] }
        var memberships: [Membership] = []
        if let body = arguments.embed.chord, let group = message.groupID {
            memberships.append(Membership(id: message.id, group: group, index: message.groupIndex, body: body))
        }
        guard state == .failure else { return memberships }
        for step in arguments.embed.chain.reversed() {
            guard let body = try? SignatureCodec.signatures(step.options["chord"]).first, let id = step.options["task_id"]?.stringValue,
                let group = step.options["group_id"]?.stringValue
            else { continue }
            memberships.append(
                Membership(id: TaskID(id), group: group, index: step.options["group_index"]?.intValue, body: body))
        }
        return memberships
    }
}
