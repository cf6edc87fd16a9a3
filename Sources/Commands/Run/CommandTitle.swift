import CeleryCore
import Client
import Tasks
import Wire

/// The commands of messages, for display.
enum CommandTitle {
    /// The command as typed in a shell, in one line; `nil` for other tasks and for an unreadable message.
    static func of(_ message: Message?) -> String? {
        guard let message, message.task == CommandTask.name, let arguments = try? BodyCodec.decode(message.body, limit: 1 << 20)
        else { return nil }
        return CommandTask.title(arguments.args, limit: 200)
    }

    /// The commands that workers run, by task id, where the broker can show messages.
    static func running(_ workers: [WorkerReport], _ broker: any Broker) async throws -> [TaskID: String] {
        guard let showing = broker as? any MessageShowing else { return [:] }
        var titles: [TaskID: String] = [:]
        for task in workers.flatMap(\.running) where task.task == CommandTask.name {
            titles[task.id] = of(try await showing.standing(of: task.id)?.message)
        }
        return titles
    }
}
