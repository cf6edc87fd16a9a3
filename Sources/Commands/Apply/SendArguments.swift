import Arguments
import CeleryCore
import Client

/// The command-line options that control how a task is sent, made from the task option table. Shared by `apply` and `dmap`.
enum SendArguments {
    private static let arguments = TaskOptionTable.rows(at: .commandLine).map(SendArgument.init)

    static let descriptions: [OptionDescription] = arguments.map(\.description)

    /// Explanations for options that only a task's definition may set, by option name.
    static var misplaced: [String: String] {
        Dictionary(
            TaskOptionTable.all.filter { !$0.places.contains(.commandLine) }.map {
                ("--\($0.long)", "\($0.name) \($0.misplaced(at: .commandLine))")
            }, uniquingKeysWith: { first, _ in first })
    }

    /// The options given on the command line.
    static func read(_ arguments: ParsedArguments) throws -> SendOptions {
        var said = OptionValues()
        var given: Set<String> = []
        for argument in Self.arguments where argument.isGiven(arguments) {
            given.insert(argument.option.name)
            said.merge(argument.values(arguments))
        }
        if given.isSuperset(of: ["countdown", "eta"]) { throw ArgumentError("--countdown and --eta exclude each other") }
        let options = SendOptions(said)
        if options.exchange != nil && options.routingKey == nil { throw ArgumentError("--exchange needs --routing-key") }
        // Python takes equal ones, which settings and option lines refuse.
        if let soft = options.softTimeLimit, let hard = options.timeLimit, soft > hard {
            throw ArgumentError("--soft-time-limit is longer than --time-limit")
        }
        return options
    }
}
