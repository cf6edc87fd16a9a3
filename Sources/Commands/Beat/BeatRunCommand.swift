import Arguments
import Beat
import CeleryCore
import Client
import Schedules

/// `celery beat run`: sends an unscheduled run.
enum BeatRunCommand {
    static let command = Command(
        CommandSpec(
            "run", summary: "Send a periodic task now",
            discussion: [
                "Prints the id of the run once the broker has confirmed it. The run is additional to the scheduled ones, and beat does not count it.",
                "With --wait, waits for the task, prints its return value, passes on the stderr output of its program, and exits with the status of the task.",
            ],
            options: [WaitOptions.wait.description, WaitOptions.timeout.description],
            operands: [Operand("NAME", help: "The periodic task.", completion: .entry)],
            exitStatuses: CeleryTable.statuses("0", "1", "64", "69", "77", "78", "124", "125", "126")
                + [ExitStatus(127, "No such periodic task; or, with --wait, no such task."), ExitStatus("128+n", "With --wait, the program of the task died of signal n.")],
            outputKeys: [
                OutputKey("id", "The id of the run."), OutputKey("entry, task", "The periodic task and the task it sends."),
                OutputKey("with --wait", "The keys of celery result."),
            ]),
        run: run)

    private static func run(_ context: CommandContext) async throws -> Int32 {
        let timetable = try Timetable(context, willSend: true)
        let entry = try timetable.entry(context.arguments.operands[0])
        let deadline = context.arguments[WaitOptions.timeout].map { ContinuousClock.now + $0 }
        let waits = ResultWaiting.isAsked(context.arguments)
        // Without a result store nothing can be waited for: fail before sending.
        if waits { _ = try timetable.client.store }
        let message = entry.messageOutOfTurn(now: .now)
        try await timetable.client.publish([message])
        if waits { return try await ResultWaiting(context: context, client: timetable.client).wait(for: message.id, of: message, until: deadline) }
        context.output.record(
            ["id": .string(message.id.text), "entry": .string(entry.name), "task": .string(message.task)], text: message.id.text)
        return ExitCode.done
    }
}

extension Entry {
    /// The message of an unscheduled run.
    func messageOutOfTurn(now: Timestamp) -> Message {
        var message = self.message
        message.id = TaskID()
        message.rootID = message.id
        if let expires = periodic.expires { message.expires = now + expires }
        message.headers[BeatHeader.entry] = .string(name)
        return message
    }
}
