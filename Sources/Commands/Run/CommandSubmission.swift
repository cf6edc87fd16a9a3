import Arguments
import CeleryCore
import Client
import Glibc
import Tasks

/// Makes and checks the message of a command.
struct CommandSubmission {
    let context: CommandContext
    let settings: Settings

    /// The command with its surroundings: those of this process.
    ///
    /// - Parameter wanted: `NAME` or `NAME=VALUE` of further variables.
    func request(_ argv: [JSON], _ wanted: [String]) throws -> CommandRequest {
        guard access(context.folder, F_OK) == 0 else {
            throw CommandError(ExitCode.badData, "the working folder was removed, or its name is not UTF-8")
        }
        let variables = CommandVariables(others: settings.commandVariables)
        var environment = context.environment.filter { name, _ in
            variables.passes(name) && CommandRequest.isName(name) && !name.hasPrefix(CommandRequest.reservedPrefix)
        }
        for word in wanted {
            let equals = word.utf8.firstIndex(of: UInt8(ascii: "="))
            let name = String(word[..<(equals ?? word.endIndex)])
            guard CommandRequest.isName(name) else { throw ArgumentError("option '--env': \(ArgumentError.quote(word)) has no name of a variable") }
            guard !name.hasPrefix(CommandRequest.reservedPrefix) else {
                throw ArgumentError("option '--env': variables that begin with \(CommandRequest.reservedPrefix) are set by the worker")
            }
            if let equals {
                environment[name] = String(word[word.utf8.index(after: equals)...])
            } else if let value = context.environment[name] {
                environment[name] = value
            } else {
                throw ArgumentError("option '--env': the variable \(name) is not set", hint: "write --env \(name)=VALUE")
            }
        }
        return CommandRequest(
            argv: argv, folder: context.folder, environment: environment, umask: Self.currentUmask)
    }

    /// The corresponding C function is `umask`, which cannot read without writing.
    private static var currentUmask: UInt32 {
        let mask = Glibc.umask(0o077)
        _ = Glibc.umask(mask)
        return mask
    }

    /// Refuses what workers would refuse, as far as that can be known here.
    func checkPolicy(_ request: CommandRequest) throws {
        let policy = CommandPolicy(settings)
        do throws(CommandRefusal) {
            try policy.checkSending()
            try policy.checkPatterns(request.argv.map { $0.binaryValue ?? Array(($0.stringValue ?? "").utf8) })
        } catch {
            throw Self.error(error)
        }
    }

    /// Checks that the tasks to wait for exist, and that workers can learn how they end.
    func check(_ earlier: [TaskID], _ client: Client) async throws {
        guard !earlier.isEmpty else { return }
        let store = try client.store
        if store is any ResultAnswering {
            var error = DriverError.lacks("tell workers how other tasks ended, which --after needs", store.location)
            error.hint = "leave the result store out of the settings, so that results are kept in celery.db"
            throw error
        }
        for status in try await client.status(of: earlier) where status.state == .unknown {
            throw CommandError(ExitCode.unknown, "no such task: \(status.id)", hint: "nothing was sent")
        }
    }

    func message(_ request: CommandRequest, _ options: SendOptions, after earlier: [TaskID], _ client: Client) throws -> Message {
        let (args, kwargs) = request.arguments
        var message = client.factory.message(CommandTask.name, args: args, kwargs: kwargs, options: options)
        // Workers' logs and monitors show it.
        if let shown = settings.redaction.shown(TaskArguments(args: args)) {
            message.shadow = "\(CommandTask.name): \(CommandTask.title(shown.args))"
        }
        Prerequisites.write(earlier, to: &message)
        do {
            return try CommandSigning.signed(message, settings)
        } catch let error as CommandRefusal {
            throw Self.error(error)
        }
    }

    /// Warns of a command that will probably not run.
    func warn(_ request: CommandRequest, _ client: Client) async throws {
        // Elsewhere there are other programs and other workers.
        guard settings.commandKey == nil else { return }
        let name = request.argv[0].stringValue ?? ""
        let path = request.environment.first { $0.name == "PATH" }?.value ?? ""
        let found = try? CommandCall.find(name, in: path, from: request.folder)
        if !name.isEmpty, found.map({ access($0, X_OK) != 0 }) ?? true {
            context.output.note("celery run: warning: \(ArgumentError.quote(name)) is not a program that can be run now")
        }
        guard let listing = client.broker as? any WorkerListing, listing.knowsWorkers else { return }
        let workers = try await listing.workers()
        if !workers.isEmpty, !workers.contains(where: { $0.tasks.contains(CommandTask.name) }) {
            context.output.note("celery run: warning: no running worker accepts commands")
        }
    }

    private static func error(_ refusal: CommandRefusal) -> CommandError {
        CommandError(ExitCode.noPermission, "commands are not allowed here: \(refusal.message)", hint: refusal.hint)
    }
}
