import Arguments
import CeleryCore
import Client

/// The common parts of `celery inspect` and `celery control`.
struct RemoteCommand: Sendable {
    let kind: ControlVerb.Kind
    let summary: String
    let discussion: [String]
    let examples: [Example]

    static let destination = Option.value(
        "destination", short: "d", placeholder: "NODES", .commaSeparated(.nonEmptyText),
        help: "Only workers with these names, separated by commas.", completion: .worker)
    static let pattern = Option.value(
        "pattern", placeholder: "PATTERN", .nonEmptyText, help: "Only workers whose names match PATTERN, such as 'celery@web*'.")
    static let matcher = Option.value(
        "matcher", placeholder: "SORT", .choice(["glob", "pcre"]), default: .literal("glob"),
        help: "The syntax of --pattern: a shell pattern (glob), or a regular expression anchored at the start (pcre).")
    static let timeout = Option.value(
        "timeout", short: "t", placeholder: "S", .duration, default: .literal(.seconds(1), "1"),
        help: "How long to wait for replies; less if it is known which workers exist and all have replied.")
    static let list = Option.flag("list", help: "List the methods and their arguments.")

    var command: Command {
        let verbs = ControlVerb.all(kind)
        return Command(
            CommandSpec(
                kind.rawValue, section: "Workers", summary: summary,
                discussion: discussion + ["On the embedded broker the command returns as soon as all workers have replied. RabbitMQ cannot list the workers: there the command waits for the whole timeout, unless --destination names them."],
                options: [
                    Self.destination.description, Self.pattern.description, Self.matcher.description, Self.timeout.description,
                    Self.list.description,
                ],
                operands: [
                    Operand("METHOD", .optional, help: "One of the methods below.", completion: .values(verbs.map(\.name))),
                    Operand("ARG", .zeroOrMore, help: "Arguments of the method."),
                ],
                examples: examples,
                exitStatuses: [
                    ExitStatus(0, "A worker replied, and no reply was an error."),
                    ExitStatus(1, "A worker replied with an error."), ExitStatus(64, "Usage: no such method, or wrong arguments."),
                    ExitStatus(69, "No worker replied, a worker of --destination did not reply, or the broker cannot be reached."),
                    ExitStatus(75, "The broker accepts no messages now."),
                ] + CeleryTable.statuses("65", "77", "78"),
                outputKeys: [
                    OutputKey("worker", "The name of the worker."), OutputKey("method", "The method."),
                    OutputKey("reply", "The reply of the worker."), OutputKey("error", "The error, in place of reply."),
                    OutputKey("usage, help", "With --list, the arguments and description of the method."),
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
        if arguments.isGiven(Self.matcher), workers.pattern == nil { throw ArgumentError("--matcher goes with --pattern") }
        guard arguments[Self.timeout] > .zero else { throw ArgumentError("--timeout must be greater than 0") }
        let client = try context.client(try context.settings())
        guard let asking = client.broker as? any WorkerAsking else { throw DriverError.lacks("ask workers", client.broker.location) }
        let answers = try await ask(request, verb, workers, asking, arguments[Self.timeout])
        await client.close()
        let shown = AnswerRedaction(method: verb.name, client.settings.redaction)
        let status = RemoteAnswers(method: verb.name, answers: shown.applied(to: answers), showsValue: verb.isAnswered).print(
            context, command: kind.rawValue, location: client.broker.location, namesWorkers: workers.names != nil)
        let values = answers.answers.first?.map(\.value) ?? []
        if !values.isEmpty, values.allSatisfy({ $0.arrayValue?.isEmpty == true }), let hint = verb.hintIfEmpty(at: client.broker) {
            context.output.note("hint: \(hint)")
        }
        return status
    }

    /// Sends the request. A method without a reply is sent to the workers that answer a ping first.
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
