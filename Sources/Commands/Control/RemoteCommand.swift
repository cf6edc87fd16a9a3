import Arguments
import CeleryCore
import Client

/// What `celery inspect` and `celery control` have in common.
struct RemoteCommand: Sendable {
    let kind: ControlVerb.Kind
    let summary: String
    let discussion: [String]
    let examples: [Example]

    static let destination = Option.value(
        "destination", short: "d", placeholder: "NODES", .commaSeparated(.nonEmptyText),
        help: "Only the workers of these names, with commas between them.")
    static let pattern = Option.value(
        "pattern", placeholder: "PATTERN", .nonEmptyText, help: "Only workers whose names match, as 'celery@web*'.")
    static let matcher = Option.value(
        "matcher", placeholder: "SORT", .choice(["glob", "pcre"]), default: .literal("glob"),
        help: "What --pattern is: a pattern of a shell, or a regular expression that matches from the first letter.")
    static let timeout = Option.value(
        "timeout", short: "t", placeholder: "S", .duration, default: .literal(.seconds(1), "1"),
        help: "Wait so many seconds for answers; no longer than until all have come, where it is known which those are.")
    static let list = Option.flag("list", help: "List the methods and their arguments.")

    var command: Command {
        let verbs = ControlVerb.all(kind)
        return Command(
            CommandSpec(
                kind.rawValue, section: "Workers", summary: summary,
                discussion: discussion + ["A worker of ours on the embedded broker answers at once; RabbitMQ does not tell which workers there are, so that there it takes the whole time unless they are named."],
                options: [
                    Self.destination.description, Self.pattern.description, Self.matcher.description, Self.timeout.description,
                    Self.list.description,
                ],
                operands: [
                    Operand("METHOD", .optional, help: "One of the methods below.", completion: .values(verbs.map(\.name))),
                    Operand("ARG", .zeroOrMore, help: "Its arguments."),
                ],
                examples: examples,
                exitStatuses: [
                    ExitStatus(0, "A worker answered, and every answer was good."),
                    ExitStatus(1, "A worker answered that it could not."), ExitStatus(64, "Usage: no such method, or wrong arguments."),
                    ExitStatus(69, "No worker answered, or one of --destination did not; or the broker cannot be reached."),
                    ExitStatus(75, "The broker takes no messages now."),
                ] + CeleryTable.statuses("65", "77", "78"),
                outputKeys: [
                    OutputKey("worker", "Name of the worker."), OutputKey("method", "What it was asked."),
                    OutputKey("reply", "What it answered."), OutputKey("error", "Why it could not, instead of reply."),
                    OutputKey("usage, help", "With --list, its arguments and what it does."),
                ],
                notes: verbs.map { "\($0.usage): \($0.help)" }),
            run: run)
    }

    private func run(_ context: CommandContext) async throws -> Int32 {
        let arguments = context.arguments
        if arguments[Self.list] {
            list(context)
            return ExitCode.done
        }
        var words = arguments.operands[...]
        guard let name = words.popFirst() else {
            throw CommandError(ExitCode.usage, "a METHOD is needed", hint: "celery \(kind.rawValue) --list lists them")
        }
        let verb = try verb(name)
        let request = try verb.request(Array(words))
        let workers = WorkerChoice(
            names: arguments[Self.destination]?.distinct, pattern: arguments[Self.pattern],
            matcher: arguments[Self.pattern].map { _ in arguments[Self.matcher] })
        if workers.names != nil, workers.pattern != nil {
            throw CommandError(ExitCode.usage, "--destination and --pattern contradict each other", hint: "give one of them")
        }
        if arguments.isGiven(Self.matcher), workers.pattern == nil { throw ArgumentError("--matcher is of use with --pattern only") }
        guard arguments[Self.timeout] > .zero else { throw ArgumentError("--timeout must be more than 0: no worker answers at once") }
        let client = try context.client(try context.settings())
        guard let asking = client.broker as? any WorkerAsking else { throw DriverError.lacks("ask workers", client.broker.location) }
        let answers = try await ask(request, verb, workers, asking, arguments[Self.timeout])
        await client.close()
        return RemoteAnswers(method: verb.name, answers: answers, showsValue: verb.isAnswered).print(
            context, command: kind.rawValue, location: client.broker.location, namesWorkers: workers.names != nil)
    }

    /// Asks; an order that is not answered is given to those who answer a ping.
    private func ask(
        _ request: ControlRequest, _ verb: ControlVerb, _ workers: WorkerChoice, _ broker: any WorkerAsking, _ limit: Duration
    ) async throws -> WorkerAnswers {
        guard !verb.isAnswered else { return try await broker.ask([request], of: workers, within: limit) }
        let there = try await broker.ask([ControlRequest(method: "ping")], of: workers, within: limit)
        let names = there.answers[0].map(\.worker).distinct
        if !names.isEmpty { try await broker.tell(request, to: WorkerChoice(names: names)) }
        return there
    }

    private func verb(_ name: String) throws -> ControlVerb {
        let verbs = ControlVerb.all(kind)
        if let verb = verbs.first(where: { $0.name == name }) { return verb }
        if let other = ControlVerb.all.first(where: { $0.name == name }) {
            throw CommandError(
                ExitCode.usage, "'\(name)' is a method of celery \(other.kind.rawValue)", hint: "celery \(other.kind.rawValue) \(other.usage)")
        }
        let near = NearestName.suggest(name, among: verbs.map(\.name)).map { "; did you mean '\($0)'?" } ?? ""
        throw CommandError(
            ExitCode.usage, "no method is called '\(name)'\(near)", hint: "celery \(kind.rawValue) --list lists them")
    }

    private func list(_ context: CommandContext) {
        let verbs = ControlVerb.all(kind)
        let width = verbs.map(\.usage.count).max() ?? 0
        for verb in verbs {
            context.output.record(
                ["method": .string(verb.name), "usage": .string(verb.usage), "help": .string(verb.help)],
                text: verb.usage.padded(to: width) + "  " + verb.help)
        }
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
