import Arguments
import CeleryCore
import Client

/// Which dead letters a command is about.
enum DeadOptions {
    static let task = Option.value(
        "task", placeholder: "NAME", .nonEmptyText, help: "Those of tasks of this name; a * at its end stands for any rest.", completion: .task)
    static let queue = Option.value(
        "queue", short: "Q", placeholder: "QUEUE", .nonEmptyText, help: "Those taken from this queue.", completion: .queue)
    static let reason = Option.value(
        "reason", placeholder: "TEXT", .deathReason,
        help: "Those given up for this reason: signal (or 'signal 9'), 'out of memory', lost, unregistered, unreadable; or by RabbitMQ itself: rejected, expired, maxlen, delivery_limit.")
    static let since = Option.value(
        "since", placeholder: "TIME", .pastTime,
        help: "Those given up then or later: ISO 8601, HH:MM, or so long ago, as 90s, 10m, 2h, 1d.")
    static let until = Option.value(
        "until", placeholder: "TIME", .pastTime, help: "Those given up before then, written in the same way.")
    static let limit = Option.value("limit", short: "n", placeholder: "N", .integer(in: 1...Int.max), help: "At most N, the oldest first.")
    static let all = Option.flag("all", help: "All of them, when neither ids nor filters are given.")

    static let filters = [
        task.description, queue.description, reason.description, since.description, until.description, limit.description,
    ]
    static let ids = [Operand("ID", .zeroOrMore, help: "Ids, as 'celery dead list' prints them.")]

    /// The broker, as one that keeps dead letters.
    static func keeping(_ client: Client) throws -> any DeadLetterKeeping {
        guard let keeping = client.broker as? any DeadLetterKeeping else {
            throw DriverError.lacks("keep dead letters", client.broker.location)
        }
        return keeping
    }

    /// - Throws: `ArgumentError`, for times between which nothing can be.
    static func filter(_ arguments: ParsedArguments) throws -> DeadLetterFilter {
        let since = arguments[since]
        // What was meant as now may be a moment later.
        if let since, since.seconds > Timestamp.now.seconds + 60 { throw ArgumentError("--since is still to come") }
        if let since, let until = arguments[until], until <= since {
            throw ArgumentError("--until is before --since, so that nothing is between them")
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

    /// The same for commands that change something: nobody means all by saying nothing.
    ///
    /// - Throws: `ArgumentError`.
    static func deliberateFilter(_ arguments: ParsedArguments) throws -> DeadLetterFilter {
        let filter = try filter(arguments)
        if filter.isOpen, !arguments[all] { throw ArgumentError("neither ids nor filters are given; --all means all") }
        if !filter.isOpen, arguments[all] { throw ArgumentError("--all excludes ids and filters") }
        return filter
    }

    /// Ends with the status for ids that are not there.
    ///
    /// - Parameters:
    ///   - letters: what was found of `filter`.
    ///   - isLimited: whether there may be more.
    /// - Throws: `CommandError`.
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
                throw InvalidValue("is no reason for which messages are given up", advice: "write \(names), or 'signal 9'")
            }
            return text
        }
    }
}

extension ValueParser where Value == Timestamp {
    /// A time that is over: a clock time is the last one, a duration is so long ago.
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
