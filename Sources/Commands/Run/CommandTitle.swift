import CeleryCore
import Client
import Tasks
import Wire

/// The commands of messages, for display.
enum CommandTitle {
    /// The command as typed in a shell, in one line; `nil` for other tasks, for an unreadable message, and if arguments are left out.
    static func of(_ message: Message?, _ redaction: Redaction) -> String? {
        guard let message, message.task == CommandTask.name, let arguments = try? BodyCodec.decode(message.body, limit: 1 << 20),
            let shown = redaction.shown(arguments)
        else { return nil }
        return of(shown.args)
    }

    /// The words of a command as typed in a shell, in one line.
    static func of(_ argv: [JSON]) -> String { CommandTask.title(argv, limit: 200) }

    /// The commands that workers run, by task id, where the broker can show messages.
    static func running(_ workers: [WorkerReport], _ client: Client) async throws -> [TaskID: String] {
        try await titles(of: workers.flatMap(\.running).filter { $0.task == CommandTask.name }.map(\.id), client)
    }

    /// The commands among unfinished tasks, by task id, where the broker can show messages.
    static func unfinished(_ tasks: [TaskStatus], _ client: Client) async throws -> [TaskID: String] {
        try await titles(of: tasks.filter { $0.location?.task == CommandTask.name }.map(\.id), client)
    }

    private static func titles(of ids: [TaskID], _ client: Client) async throws -> [TaskID: String] {
        guard let showing = client.broker as? any MessageShowing else { return [:] }
        let redaction = client.settings.redaction
        var titles: [TaskID: String] = [:]
        for id in ids { titles[id] = of(try await showing.standing(of: id)?.message, redaction) }
        return titles
    }
}
