package import CeleryCore
package import Wire

/// The steps that follow a task in its workflow, as a pool child sends them to the worker.
package struct WorkflowSteps: Sendable, Equatable {
    /// Messages to publish: callbacks, the next step of a chain, errbacks.
    package var messages: [EncodedMessage] = []
    /// Becomes `children` of the result.
    package var children: [JSON] = []
    /// Tasks that can no longer run and inherit the failure.
    package var heirs: [Canvas.Heir] = []
    /// Log lines about steps that cannot be carried out.
    package var unsupported: [String] = []
    /// Chords of which a task is a member that has ended: the task itself, or one that can no longer run.
    package var memberships: [Canvas.Membership] = []

    package init() {}

    /// Determines the steps after a final state. A retried task has none.
    init(after message: Message, _ arguments: TaskArguments, _ state: TaskState, value: JSON = .null) {
        guard !arguments.embed.isEmpty else { return }
        let next = Canvas.followUps(
            after: message, arguments: arguments, result: TaskResult(id: message.id, state: state, value: value))
        messages = next.messages.map(EncodedMessage.init)
        children = next.children
        heirs = next.heirs
        unsupported = next.unsupported
        memberships = Canvas.memberships(after: message, arguments: arguments, state: state)
    }

    /// For a task that ends before a child has decoded its arguments.
    init(after message: Message, _ state: TaskState) {
        let arguments = try? BodyCodec.decode(message.body)
        self.init(after: message, arguments ?? TaskArguments(), state)
    }

    func write(to writer: inout ByteWriter) {
        writer.write(messages.count)
        for message in messages { message.write(to: &writer) }
        writer.write(JSON.array(children).bytes(style: .python))
        writer.write(heirs.count)
        for heir in heirs {
            writer.write(heir.id.text)
            writer.write(heir.task)
            writer.write(heir.replyTo)
            writer.write(heir.groupID)
        }
        writer.write(unsupported.count)
        for text in unsupported { writer.write(text) }
        writer.write(memberships.count)
        for membership in memberships {
            writer.write(membership.id.text)
            writer.write(membership.group)
            writer.write(membership.index)
            writer.write(membership.encodedBody)
        }
    }

    init(from reader: inout ByteReader) throws(FrameError) {
        for _ in 0..<(try reader.readCount()) { messages.append(try EncodedMessage(from: &reader)) }
        guard let list = try? JSON(parsing: try reader.readBytes()) else { throw FrameError() }
        children = list.arrayValue ?? []
        for _ in 0..<(try reader.readCount()) {
            let id = TaskID(try reader.readString())
            let task = try reader.readString()
            let replyTo = try reader.readOptional { (reader) throws(FrameError) in try reader.readString() }
            let groupID = try reader.readOptional { (reader) throws(FrameError) in try reader.readString() }
            heirs.append(Canvas.Heir(id: id, task: task, replyTo: replyTo, groupID: groupID))
        }
        for _ in 0..<(try reader.readCount()) { unsupported.append(try reader.readString()) }
        for _ in 0..<(try reader.readCount()) {
            let id = TaskID(try reader.readString())
            let group = try reader.readString()
            let index = try reader.readOptional { (reader) throws(FrameError) in try reader.readInt() }
            guard let membership = Canvas.Membership(id: id, group: group, index: index, encodedBody: try reader.readBytes())
            else { throw FrameError() }
            memberships.append(membership)
        }
    }
}
