import Arguments
import CeleryCore
import Client
import Configuration
import Glibc
import Processes
import Tasks

/// What a command has to work with.
struct CommandContext: Sendable {
    let arguments: ParsedArguments
    let output: Output
    let environment: [String: String]
    /// Where the command was started, or `--workdir`; absolute.
    let folder: String
    /// Tasks of the Swift program this is, beside those of the project.
    let builtIn: [TaskDefinition]
    /// The part this process plays in its own start.
    let role: Role

    /// The settings, with options of this command among the flags.
    ///
    /// - Throws: `SettingsError`.
    func settings(_ flags: [SettingsFlag] = []) throws -> Settings { try resolved(flags).settings }

    /// The settings, and what else the settings file says.
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

    /// What the settings file in force says by itself; `nil` where there is none.
    func writtenSettings() throws -> WrittenSettings? {
        try SettingsReader.written(
            settingsFile: arguments[GlobalOptions.settings], environment: environment, workingFolder: folder)
    }

    /// A connection to broker and result store.
    ///
    /// - Parameters:
    ///   - willSend: whether something is about to be sent.
    ///   - warns: whether to say what is unsafe about the settings.
    /// - Throws: also where there is no project and nobody named a broker: a database that
    ///   sprang up in whatever folder one happens to be in would take tasks no worker sees.
    func client(_ settings: Settings, willSend: Bool = false, warns: Bool = true) throws -> Client {
        let chosen = Settings(projectFolder: settings.projectFolder)
        if settings.file == nil, settings.brokerURL == chosen.brokerURL, access("celery.db", F_OK) != 0 {
            throw CommandError(
                ExitCode.configuration, "no celery.toml in \(folder) or above it, and no broker is named",
                hint: "make a project with celery startproject NAME, or name a broker with --broker sqlite:///PATH")
        }
        if warns {
            let name = arguments.command.map { "celery \($0.qualifiedName)" } ?? "celery"
            for warning in Drivers.warnings(settings) { output.note("\(name): warning: \(warning)") }
        }
        return try Client(settings: settings, environment: environment, willSend: willSend)
    }

    /// Every task that can be run here, and what is wrong with the project.
    ///
    /// - Parameter taskGuard: of the worker that is to run them; whoever only submits them needs none.
    func registry(_ settings: Settings, guardedBy taskGuard: TaskGuard? = nil) throws -> (registry: TaskRegistry, problems: [TaskProblem]) {
        var registry = TaskRegistry()
        for definition in builtIn { try registry.register(definition) }
        let discovery = TaskDiscovery(apps: settings.installedApps, in: settings.projectFolder, guardedBy: taskGuard)
        var problems = discovery.problems
        for definition in discovery.definitions {
            do throws(AlreadyRegistered) {
                try registry.register(definition)
            } catch {
                problems.append(TaskProblem(file: definition.source, "\(error)"))
            }
        }
        return (registry, problems)
    }

    /// Asks a question on the terminal. The answer is no when there is none.
    func confirm(_ question: String) -> Bool {
        output.passOn("\(question) [y/N] ")
        return readLine().map { ["y", "yes"].contains($0.lowercased()) } ?? false
    }

    var stdinIsTerminal: Bool { isatty(STDIN_FILENO) == 1 }
}
