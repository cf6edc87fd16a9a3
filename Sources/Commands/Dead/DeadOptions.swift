import Arguments
import CeleryCore
import Client

/// Options that select dead letters.
enum DeadOptions {
    static let task = Option.value(
        "task", placeholder: "NAME", .nonEmptyText, help: "Only dead letters of this task; NAME may end in * to match a prefix.", completion: .task)
    static let queue = Option.value(
        "queue", short: "Q", placeholder: "QUEUE", .nonEmptyText, help: "Only dead letters from this queue.", completion: .queue)
    static let reason = Option.value(
        "reason", placeholder: "TEXT", .deathReason,
        help: "Only dead letters with this reason: signal (or 'signal 9'), 'out of memory', lost, unregistered, unreadable; from RabbitMQ itself: rejected, expired, maxlen, delivery_limit.")
    static let since = Option.value(
        "since", placeholder: "TIME", .pastTime,
        help: "Only messages given up at TIME or later: ISO 8601, HH:MM, or an age such as 90s, 10m, 2h, 1d.")
    static let until = Option.value(
        "until", placeholder: "TIME", .pastTime, help: "Only messages given up before TIME, in the same notation.")
    static let limit = Option.value("limit", short: "n", placeholder: "N", .integer(in: 1...Int.max), help: "At most N dead letters, oldest first.")
    static let all = Option.flag("all", help: "All dead letters; required if neither ids nor filters are given.")

    static let filters = [
        task.description, queue.description, reason.description, since.description, until.description, limit.description,
    ]
    static let ids = [Operand("ID", .zeroOrMore, help: "Ids as printed by 'celery dead list'.", completion: .deadLetter)]

    /// The broker as a store of dead letters.
    ///
    /// - Throws: `DriverError` if the broker cannot store dead letters.
    static func keeping(_ client: Client) throws -> any DeadLetterKeeping {
        guard let keeping = client.broker as? any DeadLetterKeeping else {
            throw DriverError.lacks("keep dead letters", client.broker.location)
        }
        return keeping
    }

    /// The filter that options and operands describe.
    ///
    /// - Throws: `ArgumentError` for an empty period.
    static func filter(_ arguments: ParsedArguments) throws -> DeadLetterFilter {
        let since = arguments[since]
        // Tolerate clocks that differ a little.
        if let since, since.seconds > Timestamp.now.seconds + 60 { throw ArgumentError("--since is in the future") }
        if let since, let until = arguments[until], until <= since {
            throw ArgumentError("--until must be later than --since")
        }
        var filter = DeadLetterFilter()
        filter.keys = arguments.operands.isEmpty ? nil : Set(arguments.operands)
        filter.task = arguments[task]
        filter.queue = arguments[queue]
        filter.reason = arguments[reason]
        filter.since = since
        filter.until = arguments[until]
        return filter
    }

    /// The filter for commands that change dead letters: selecting all of them needs `--all`.
    ///
    /// - Throws: `ArgumentError` for an empty period, and unless exactly one of a selection and `--all` is given.
    static func deliberateFilter(_ arguments: ParsedArguments) throws -> DeadLetterFilter {
        let filter = try filter(arguments)
        if filter.isOpen, !arguments[all] { throw ArgumentError("neither ids nor filters are given; select all with --all") }
        if !filter.isOpen, arguments[all] { throw ArgumentError("--all cannot be combined with ids or filters") }
        return filter
    }

    /// Checks that every id among the operands was found.
    ///
    /// - Parameters:
    ///   - letters: the dead letters found by `filter`.
    ///   - isLimited: whether `--limit` may have excluded some.
    /// - Throws: `CommandError` that names the missing ids.
    static func checkFound(
        _ letters: [DeadLetter], of filter: DeadLetterFilter, isLimited: Bool = false, _ context: CommandContext
    ) throws {
        let found = Set(letters.map(\.key))
        let missing = context.arguments.operands.distinct.filter { !found.contains($0) }
        guard !missing.isEmpty else { return }
        let limited = isLimited ? " within --limit" : ""
        let filtered = filter.isMoreThanKeys ? " that matches" : ""
        throw CommandError(
            ExitCode.unknown, "there is no dead letter \(missing.map { "'\($0.inOneLine)'" }.joined(separator: ", "))\(filtered)\(limited)")
    }
}

extension DeadLetterFilter {
    fileprivate var isMoreThanKeys: Bool {
        var rest = self
        rest.keys = nil
        return !rest.isOpen
    }
}

extension ValueParser where Value == String {
    /// Why a message was given up.
    fileprivate static var deathReason: Self {
        Self { (text) throws(InvalidValue) in
            guard DeathReason.mayAnswer(to: text) else {
                let names = DeathReason.names.map { $0.contains(" ") ? "'\($0)'" : $0 }.joined(separator: ", ")
                throw InvalidValue("is not a reason of dead letters", advice: "write \(names), or 'signal 9'")
            }
            return text
        }
    }
}

extension ValueParser where Value == Timestamp {
    /// A past time: a clock time means its last occurrence, a duration counts back from now.
    static var pastTime: Self {
        Self { (text) throws(InvalidValue) in
            let now = Timestamp.now
            if let seconds = DurationText.seconds(text) { return Timestamp(seconds: now.seconds - seconds) }
            guard let time = TimeText(now: now).parse(text) else {
                throw InvalidValue("is neither a time nor a duration", advice: "write 2030-01-31T06:00, 06:00, or 2h for two hours ago")
            }
            let isClock = text.utf8.count <= 8 && text.contains(":") && !text.contains("-")
            return isClock && time > now ? TimeText(now: Timestamp(seconds: now.seconds - 86_400)).parse(text) ?? time : time
        }
    }
}
