import Arguments
import CeleryCore
import Logging
import Processes
import Tasks

/// Launches a daemon while the process has a single thread: acts on a running daemon, detaches, or starts the work.
struct DaemonLaunch {
    let program: DaemonProgram
    let context: CommandContext
    let settings: Settings

    private var options: DaemonOptions { program.options }
    private var files: DaemonProgram.Files { program.files(settings) }

    /// Performs the actions of the options.
    ///
    /// - Parameters:
    ///   - signals: The actions by signal number.
    ///   - confirm: Asks for confirmation on a terminal before anything begins.
    ///   - complaints: Warnings about the project, printed on the terminal.
    ///   - live: The work; returns whether the program shall restart.
    func launch<Action: DaemonSignal>(
        _ signals: [Int32: Action], confirm: () throws -> Void = {}, complaints: (TaskGuard) throws -> [String],
        live: @escaping @Sendable (DaemonSession<Action>) async throws -> Bool
    ) throws -> Command.Launch {
        let arguments = context.arguments
        let control = PIDFileControl(program: program, output: context.output, pidFile: files.pid)
        if arguments[options.isRunning] { return .exit(try control.isRunning()) }
        if arguments[options.stop] { return .exit(try control.stop()) }
        if arguments[options.restart] { return .exit(try control.restart()) }

        let surroundings = try Surroundings(
            umask: arguments[options.umask],
            root: arguments[options.chroot].map { (path) throws(SystemError) in try AbsolutePath.of(path) },
            privileges: privileges(arguments))
        if case .foreground = context.role {
            try confirm()
            if arguments[options.detach] {
                return .exit(try detach(surroundings, try complaints(surroundings.privileges?.taskGuard ?? .current)))
            }
        }
        if program.isSupervised(arguments), isFirst { return .exit(try supervise(surroundings)) }
        let session = try begin(signals, surroundings)
        return .run { try await session.run { try await live(session) } }
    }

    /// Whether this process was neither restarted nor started by a supervisor.
    private var isFirst: Bool {
        switch context.role {
        case .foreground, .daemon: true
        case .restarted, .supervised: false
        }
    }

    /// The user and group to change to. An unknown name is a usage error.
    private func privileges(_ arguments: ParsedArguments) throws -> Privileges? {
        do throws(SystemError) {
            return try Privileges(user: arguments[options.uid], group: arguments[options.gid])
        } catch {
            throw CommandError(ExitCode.usage, error.description)
        }
    }

    private func detach(_ surroundings: Surroundings, _ complaints: [String]) throws -> Int32 {
        let (output, title) = (context.output, "celery \(program.name)")
        for complaint in complaints { output.error("\(title): warning: \(complaint)") }
        var daemonizer = Daemonizer(pidFile: files.pid, logFile: files.log) { notice in output.note("\(title): \(notice)") }
        daemonizer.surroundings = surroundings
        daemonizer.group = try FileGroup.number(settings)
        switch try daemonizer.launch() {
        case .ready:
            return ExitCode.done
        case .failed(let message, let status):
            output.error(message.hasPrefix("celery") ? message : "\(title): \(message)")
            return status
        }
    }

    /// Acquires or adopts the pidfile; a worker under a supervisor has none.
    private func takePIDFile(_ surroundings: Surroundings) throws -> PIDFile? {
        let pidFile: PIDFile?
        switch context.role {
        case .foreground:
            surroundings.applyMask()
            pidFile = context.arguments.isGiven(options.pidFile) ? try PIDFile.acquire(at: files.pid) : nil
        case .daemon(_, let file), .restarted(let file, _): pidFile = file
        case .supervised: pidFile = nil
        }
        if let notice = pidFile?.staleNotice { context.output.error("celery \(program.name): \(notice)") }
        return pidFile
    }

    /// Opens the log file, if there is one. A daemon also writes its standard streams to the file.
    private func openLog(_ surroundings: Surroundings) throws -> DaemonLog {
        guard options.logsToFile(context.arguments) else { return DaemonLog(file: nil) }
        let file = try LogFile(files.log, owner: surroundings.privileges, group: try FileGroup.number(settings))
        if context.arguments[options.detach] { try file.redirectStandardStreams() }
        return DaemonLog(file: file)
    }

    /// Acquires the pidfile, opens the log, blocks the signals and applies the surroundings.
    private func begin<Action: DaemonSignal>(_ table: [Int32: Action], _ surroundings: Surroundings) throws -> DaemonSession<Action> {
        var surroundings = surroundings
        if case .restarted = context.role { surroundings = Surroundings() }
        let pidFile = try takePIDFile(surroundings)
        let log = try openLog(surroundings)
        SignalDispositions.settle()
        let signals = try DaemonSignals(table)
        if program.startsProcesses { try Descendants.becomeSubreaper() }
        try surroundings.apply()
        let supervisor = context.role.supervisor
        return DaemonSession(
            name: program.name, log: log, logger: logger(log), pidFile: pidFile, readiness: context.role.readiness,
            supervisor: supervisor, signals: signals,
            notifier: supervisor.map { SystemdNotifier($0, environment: .current()) } ?? SystemdNotifier(environment: .current()))
    }

    /// Runs as the supervisor, which leaves the surroundings to the workers it starts.
    private func supervise(_ surroundings: Surroundings) throws -> Int32 {
        let pidFile = try takePIDFile(surroundings)
        defer { pidFile?.remove() }
        surroundings.applyMask()
        let log = try openLog(surroundings)
        SignalDispositions.settle()
        let supervisor = Supervisor(
            noun: program.noun, log: log, logger: logger(log), signals: try Signals(Supervisor.signals),
            notifier: SystemdNotifier(environment: .current()), readiness: context.role.readiness)
        return try supervisor.run()
    }

    private func logger(_ log: DaemonLog) -> Logger { log.logger(level: DaemonLog.level(named: files.level)) }
}
