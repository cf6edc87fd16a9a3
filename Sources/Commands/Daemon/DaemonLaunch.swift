import Arguments
import CeleryCore
import Processes

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
        _ signals: [Int32: Action], confirm: () throws -> Void = {}, complaints: () throws -> [String],
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
            if arguments[options.detach] { return .exit(try detach(surroundings, try complaints())) }
        }
        let session = try begin(signals, surroundings)
        return .run { try await session.run { try await live(session) } }
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
        switch try daemonizer.launch() {
        case .ready:
            return ExitCode.done
        case .failed(let message, let status):
            output.error(message.hasPrefix("celery") ? message : "\(title): \(message)")
            return status
        }
    }

    /// Opens pidfile and log, blocks the signals, and applies the surroundings.
    private func begin<Action: DaemonSignal>(_ table: [Int32: Action], _ surroundings: Surroundings) throws -> DaemonSession<Action> {
        let arguments = context.arguments
        var surroundings = surroundings
        var readiness: Readiness?
        var pidFile: PIDFile?
        let isDetached = arguments[options.detach]
        switch context.role {
        case .foreground:
            surroundings.applyMask()
            if arguments.isGiven(options.pidFile) { pidFile = try PIDFile.acquire(at: files.pid) }
        case .daemon(let word, let file): (readiness, pidFile) = (word, file)
        case .restarted(let file):
            pidFile = file
            surroundings = Surroundings()
        }
        if let notice = pidFile?.staleNotice { context.output.error("celery \(program.name): \(notice)") }
        var file: LogFile?
        if options.logsToFile(arguments) {
            file = try LogFile(files.log, owner: surroundings.privileges)
            if isDetached { try file?.redirectStandardStreams() }
        }
        SignalDispositions.settle()
        let signals = try DaemonSignals(table)
        if program.startsProcesses { try Descendants.becomeSubreaper() }
        try surroundings.apply()
        let log = DaemonLog(file: file)
        return DaemonSession(
            name: program.name, log: log, logger: log.logger(level: DaemonLog.level(named: files.level)), pidFile: pidFile,
            readiness: readiness, signals: signals, notifier: SystemdNotifier(environment: .current()))
    }
}
