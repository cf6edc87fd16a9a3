import Arguments
import CeleryCore
import Client
import Processes

/// `--discard`: erases waiting messages before the worker starts.
struct WorkerDiscard {
    let context: CommandContext
    let settings: Settings

    /// Asks for confirmation on a terminal.
    func confirm() throws {
        guard context.arguments[CelerydOptions.discard], !context.arguments[CelerydOptions.force] else { return }
        let names = settings.queues.joined(separator: ", ")
        guard context.stdinIsTerminal else {
            throw CommandError(ExitCode.usage, "--discard would erase all messages waiting in \(names)", hint: "add --force to confirm")
        }
        guard context.confirm("Erase all messages waiting in \(names)?") else { throw Quit(status: ExitCode.done) }
    }

    /// Whether an earlier start of this worker has erased the messages already.
    private var goesOn: Bool {
        if case .restarted = context.role { return true }
        return context.role.supervisor?.goesOn ?? false
    }

    /// Erases the messages, and reports it in the original's words.
    func run(_ broker: any Broker) async throws {
        guard context.arguments[CelerydOptions.discard], !goesOn else { return }
        guard let purging = broker as? any QueuePurging else { throw DriverError.lacks("discard messages", broker.location) }
        let count = try await purging.purge(settings.queues).values.reduce(0, +)
        context.output.error("discard: Erased \(count) message\(count == 1 ? "" : "s") from the queue.")
    }
}
