import Arguments
import CeleryCore
import Client
import Configuration
import Glibc
import Processes
import Tasks

/// The input and environment of a command.
struct CommandContext: Sendable {
    let arguments: ParsedArguments
    let output: Output
    let environment: [String: String]
    /// The absolute path of the working folder, or of `--workdir`.
    let folder: String
    /// Tasks of this Swift program, in addition to those of the project.
    let builtIn: [TaskDefinition]
    /// The role of this process when detaching or restarting.
    let role: Role
    /// The clients opened so far.
    let clients = OpenClients()

    /// The settings, including options of this command.
    ///
    /// - Throws: `SettingsError`.
    func settings(_ flags: [SettingsFlag] = []) throws -> Settings { try resolved(flags).settings }

    /// The settings, and the other contents of the settings file.
    ///
    /// - Throws: `SettingsError`.
    func resolved(_ flags: [SettingsFlag] = []) throws -> ResolvedSettings {
        let resolved = try SettingsReader.resolve(
            settingsFile: arguments[GlobalOptions.settings], flags: GlobalOptions.flags(arguments) + flags,
            environment: environment, workingFolder: folder)
        if arguments[GlobalOptions.verbose] > 0 {
            for (key, origin) in resolved.origins.sorted(by: { $0.key < $1.key }) { output.note("\(key): from \(origin)") }
        }
        return resolved
    }

    /// The contents of the settings file alone; `nil` if there is none.
    func writtenSettings() throws -> WrittenSettings? {
        try SettingsReader.written(
            settingsFile: arguments[GlobalOptions.settings], environment: environment, workingFolder: folder)
    }

    /// A client of the broker and the result store.
    ///
    /// - Parameters:
    ///   - willSend: whether the command sends messages.
    ///   - warns: whether to print warnings about unsafe settings.
    /// - Throws: `CommandError` if there is neither a project nor an explicit broker: a database created in
    ///   an arbitrary working folder would take tasks that no worker sees. Also errors of the settings and drivers.
    func client(_ settings: Settings, willSend: Bool = false, warns: Bool = true) throws -> Client {
        let chosen = Settings(projectFolder: settings.projectFolder)
        if settings.file == nil, settings.brokerURL == chosen.brokerURL, access("celery.db", F_OK) != 0 {
            throw CommandError(
                ExitCode.configuration, "no celery.toml in \(folder) or above it, and no broker is named",
                hint: "create a project with celery startproject NAME, or name a broker with --broker sqlite:///PATH")
        }
        if warns {
            let name = arguments.command.map { "celery \($0.qualifiedName)" } ?? "celery"
            for warning in Drivers.warnings(settings) { output.note("\(name): warning: \(warning)") }
        }
        let client = try Client(settings: settings, environment: environment, willSend: willSend)
        clients.add(client)
        return client
    }

    /// The tasks of this program and project, and the files that cannot be tasks.
    ///
    /// - Parameter taskGuard: Checks the files for the worker that is to run them; commands that only submit tasks need none.
    func registry(_ settings: Settings, guardedBy taskGuard: TaskGuard? = nil) throws -> (registry: TaskRegistry, problems: [TaskProblem]) {
        let files = try taskFiles(settings, guardedBy: taskGuard)
        return (files.registry, files.problems)
    }

    /// The same, for a worker that follows changes of the files.
    ///
    /// - Parameter isWorking: Whether the tasks are to run here, so that libcurl and the keys of HTTP tasks are needed.
    func taskFiles(_ settings: Settings, guardedBy taskGuard: TaskGuard?, isWorking: Bool = false) throws -> TaskFiles {
        var registry = TaskRegistry()
        for definition in builtIn { try registry.register(definition) }
        for definition in HTTPTask.definitions(settings, keys: isWorking ? try HTTPSetup(settings).keys() : HTTPKeys()) {
            do throws(AlreadyRegistered) {
                try registry.register(definition)
            } catch {
                throw HTTPSetup(settings).error(registeredTwice: definition.name)
            }
        }
        // Only workers run commands, and only where nobody else could make them do so.
        let policy = CommandPolicy(settings)
        if taskGuard != nil, (try? policy.checkRunning()) != nil { try registry.register(CommandTask.definition(policy)) }
        return TaskFiles(apps: settings.installedApps, in: settings.projectFolder, builtIn: registry, guardedBy: taskGuard)
    }

    /// Asks a yes-or-no question on the terminal. The default is no.
    func confirm(_ question: String) -> Bool {
        output.passOn("\(question) [y/N] ")
        return readLine().map { ["y", "yes"].contains($0.lowercased()) } ?? false
    }

    var stdinIsTerminal: Bool { isatty(STDIN_FILENO) == 1 }
}
