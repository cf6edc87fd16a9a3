import Arguments

/// A command: its specification and its implementation.
struct Command: Sendable {
    let spec: CommandSpec
    /// The subcommands, in the order of `spec.subcommands`.
    let subcommands: [Command]
    /// Starts the command while the process has a single thread: the time to detach and to block signals.
    let launch: @Sendable (CommandContext) throws -> Launch

    /// How a command continues after its launch.
    enum Launch: Sendable {
        /// The command is complete, with this exit status.
        case exit(Int32)
        /// Runs the closure with concurrency; it returns the exit status.
        case run(@Sendable () async throws -> Int32)
    }

    init(
        _ spec: CommandSpec, subcommands: [Command] = [], launch: @escaping @Sendable (CommandContext) throws -> Launch
    ) {
        self.spec = spec
        self.subcommands = subcommands
        self.launch = launch
    }

    /// A command without launch actions.
    init(_ spec: CommandSpec, run: @escaping @Sendable (CommandContext) async throws -> Int32) {
        self.init(spec) { context in .run { try await run(context) } }
    }

    /// The subcommand at a path of names; the command itself for an empty path.
    func within(_ path: some Collection<String>) -> Command? {
        guard let first = path.first else { return self }
        return subcommands.first { $0.spec.name == first }?.within(path.dropFirst())
    }
}
