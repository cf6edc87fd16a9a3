import CeleryAMQP
import CeleryCore
import RabbitMQ
import Synchronization

// What a worker does itself where the server cannot.
extension AMQPConsumer {
    /// Follows the commands in the project's file, and sends the delayed messages there when they are due. Returns when the commands
    /// are known, or the file cannot tell them.
    func makeUp(for worker: WorkerIdentity) async throws {
        if !inbox.serverHas(.streams) {
            let commands = LocalCommands(local: broker.local, book: inbox.commands, now: broker.now)
            add(Task { [inbox, owner] in
                await commands.follow {
                    // The worker must have left paused queues before it gets anything.
                    try? await owner.perform(as: Subscription.self, within: .seconds(20)) { (connection, subscription) throws(RabbitMQError) in
                        try subscription.heedPauses(connection)
                    }
                    inbox.commands.catchUp()
                    owner.wake()
                } trouble: { inbox.notice($0) }
            })
        }
        if !inbox.serverHas(.arguments) {
            let delayed = DelayedMessages(local: broker.local)
            add(Task { [inbox, broker] in
                await delayed.sendDue(as: worker) { try await broker.publish($0) } trouble: { inbox.notice($0) }
            })
        }
        if let text = inbox.lacks(at: broker.location) { inbox.mention(text) }
        if !inbox.serverHas(.streams) { try await inbox.commands.waitUntilCaughtUp() }
    }

    private func add(_ task: Task<Void, Never>) { substitutes.withLock { $0.append(task) } }

    func endSubstitutes() async {
        let tasks = substitutes.withLock { tasks in
            defer { tasks = [] }
            return tasks
        }
        for task in tasks { task.cancel() }
        for task in tasks { await task.value }
    }

    /// Has messages come back at their times: by the server's ladder, else from the project's file.
    ///
    /// - Returns: For each, whether that is certain; the worker keeps the others.
    func delay(_ messages: [Message], until times: [Timestamp]) async throws -> [Bool] {
        guard inbox.serverHas(.arguments) else {
            return try await DelayedMessages(local: broker.local).keep(zip(messages, times).map { ($0, $1) })
        }
        try await broker.publish(messages)
        return messages.map { _ in true }
    }
}
