import Arguments
import CeleryCore
import Client

/// `--discard`: erasing what waits before the worker starts.
struct WorkerDiscard {
    let context: CommandContext
    let settings: Settings

    /// Asks, where there is somebody to ask.
    func confirm() throws {
        guard context.arguments[CelerydOptions.discard], !context.arguments[CelerydOptions.force] else { return }
        let names = settings.queues.joined(separator: ", ")
        guard context.stdinIsTerminal else {
            throw CommandError(ExitCode.usage, "--discard erases what waits in \(names)", hint: "add --force to confirm")
        }
        guard context.confirm("Erase all messages that wait in \(names)?") else { throw Quit(status: ExitCode.done) }
    }

    /// Erases. The original's words.
    func run(_ broker: any Broker) async throws {
        guard context.arguments[CelerydOptions.discard] else { return }
        guard let purging = broker as? any QueuePurging else { throw DriverError.lacks("discard messages", broker.location) }
        let count = try await purging.purge(settings.queues).values.reduce(0, +)
        context.output.error("discard: Erased \(count) message\(count == 1 ? "" : "s") from the queue.")
    }
}
