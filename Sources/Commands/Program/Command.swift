import Arguments

/// A command: what is said of it, and what it does.
struct Command: Sendable {
    let spec: CommandSpec
    /// The commands within this one, in the order of the spec's.
    let subcommands: [Command]
    /// Begins the command, in the one thread there is: the place to detach and to block signals.
    let launch: @Sendable (CommandContext) throws -> Launch

    /// What is left to do after the beginning.
    enum Launch: Sendable {
        /// Nothing: this is the exit status.
        case exit(Int32)
        /// This, with concurrency; it gives the exit status.
        case run(@Sendable () async throws -> Int32)
    }

    init(
        _ spec: CommandSpec, subcommands: [Command] = [], launch: @escaping @Sendable (CommandContext) throws -> Launch
    ) {
        self.spec = spec
        self.subcommands = subcommands
        self.launch = launch
    }

    /// A command that needs no beginning of its own.
    init(_ spec: CommandSpec, run: @escaping @Sendable (CommandContext) async throws -> Int32) {
        self.init(spec) { context in .run { try await run(context) } }
    }

    /// The command within this one that these names lead to; itself for none.
    func within(_ path: some Collection<String>) -> Command? {
        guard let first = path.first else { return self }
        return subcommands.first { $0.spec.name == first }?.within(path.dropFirst())
    }
}
