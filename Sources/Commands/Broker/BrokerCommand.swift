import Arguments
import CeleryCore
import Processes
import ZeroMQ

/// `celery broker`: the project's SQLite broker and results, for other machines.
enum BrokerCommand {
    static let program = DaemonProgram(
        name: "broker", noun: "broker", options: BrokerOptions.daemon,
        files: { DaemonProgram.Files(log: $0.brokerServer.logFile, pid: $0.brokerServer.pidFile, level: $0.brokerServer.logLevel) },
        startsProcesses: false, stopPatience: .seconds(60), stopComplaint: "a minute")

    static let command = Command(
        CommandSpec(
            "broker", section: "Workers", summary: "Serve the project's queue and results to other machines",
            discussion: [
                "Puts the project's celery.db on the network: other machines submit and run its tasks with --broker zmq://HOST:5556?server_key=KEY, the URL that the broker prints when it starts. Everything that works on the file works there too, and programs on the broker's own machine may go on using the file.",
                "Connections are encrypted with CURVE. 'celery broker --keygen' makes the key of the broker, and 'celery broker --keygen celeryclient.key' on each client makes its key and prints the public one. The allow list celerybroker.clients has a line ROLE KEY NAME for each client. ROLE submit may send tasks and see what becomes of them, work may also run tasks, send periodic ones and keep statistics, and admin may also control workers, revoke, pause, purge, and replay or drop dead letters. A change of the list counts within a second, also for clients that are connected.",
                "Without a key of its own, the broker listens on 127.0.0.1 only, and its clients may work, but neither control nor purge.",
                "Every message whose acceptance was confirmed is in the file. The broker may be killed and started again at any time: clients reconnect, and workers keep the tasks that they run.",
                "It needs the library libzmq5, which is loaded when the command starts; clients need it too.",
            ],
            options: BrokerOptions.all,
            operands: [Operand("FILE", .zeroOrMore, help: "With --keygen, the key file.", completion: .file)],
            examples: [
                Example("celery broker --keygen", "Make the key of this broker."),
                Example("celery broker --keygen celeryclient.key", "On a client: make its key, and print the public one."),
                Example("echo \"work KEY render1\" >> celerybroker.clients", "Let a client work here."),
                Example("celery broker --bind 'tcp://*:5556' --detach", "Serve other machines in the background."),
                Example("celery broker --stop", "Stop the broker of the default pidfile."),
            ],
            exitStatuses: [
                ExitStatus(0, "Stopped as asked; with --is-running, the broker runs; with --keygen, the key is printed."),
                ExitStatus(1, "With --is-running, --stop or --restart, no broker runs."),
                ExitStatus(64, "Usage."),
                ExitStatus(73, "Cannot listen, create the key, the pidfile, the log file or celery.db, or the broker of the pidfile is running."),
                ExitStatus(77, "No permission."),
                ExitStatus(78, "Configuration: a missing library, an unsafe key file, or a bad allow list."),
                ExitStatus(124, "With --stop, the broker did not stop in time."),
            ],
            outputKeys: [
                OutputKey("public_key", "With --keygen, the public key in hexadecimal digits."), OutputKey("file", "With --keygen, the path of the key file."),
            ],
            notes: [
                "TERM, INT and QUIT stop the broker with exit status 0; workers keep what they run, and go on at the next broker. HUP starts it again with new settings. USR1 reopens the log file.",
                "A message, result or answer has at most 64 MB.",
            ]),
        launch: launch)

    private static func launch(_ context: CommandContext) throws -> Command.Launch {
        let settings = try context.settings(BrokerOptions.flags(context.arguments))
        let files = context.arguments.operands
        if context.arguments[BrokerOptions.keygen] {
            if files.count > 1 { throw ArgumentError("--keygen takes one FILE, not \(files.count)") }
            return .exit(try makeKey(try files.first.map { try AbsolutePath.of($0) } ?? settings.brokerServer.keyFile, context.output))
        }
        if let file = files.first { throw ArgumentError("\(ArgumentError.quote(file)) is too much", hint: "FILE goes with --keygen") }
        return try DaemonLaunch(program: program, context: context, settings: settings).launch(
            ServerSignal.table, complaints: { _ in [] },
            live: { try await BrokerSession(context: context, settings: settings, daemon: $0).work() })
    }

    /// Prints the public key of a file, which is made if there is none.
    private static func makeKey(_ file: String, _ output: Output) throws -> Int32 {
        let earlier = try CurveKeyFile.read(file)
        let keys = try earlier ?? CurveKeyFile.create(file)
        output.note("celery broker: \(earlier == nil ? "made" : "kept") the secret key in \(file)")
        output.record(["public_key": .string(keys.publicKey.text), "file": .string(file)], text: keys.publicKey.text)
        return ExitCode.done
    }
}
