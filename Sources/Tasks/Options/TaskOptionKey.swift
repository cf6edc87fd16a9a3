import CeleryCore

/// One option of a program's option line: its name, what it takes, what it does.
///
/// The only table of them: the parser, its suggestions and the manual are made from it.
package struct TaskOptionKey: Sendable {
    package let name: String
    /// Another name of it, equal in every way.
    package let alias: String?
    /// Whether words that follow its value after a comma belong to it.
    let isList: Bool
    /// What it takes, for the manual: `DURATION`.
    package let placeholder: String
    /// The default, as one would write it; `nil` when the settings decide.
    package let defaultText: String?
    package let help: String
    /// What is wrong with a value, to be said after the name; `nil` when it was taken.
    let assign: @Sendable (String, inout TaskOptions) -> String?

    init(
        name: String, alias: String? = nil, isList: Bool = false, placeholder: String, defaultText: String?, help: String,
        assign: @escaping @Sendable (String, inout TaskOptions) -> String?
    ) {
        self.name = name
        self.alias = alias
        self.isList = isList
        self.placeholder = placeholder
        self.defaultText = defaultText
        self.help = help
        self.assign = assign
    }

    /// The option of this name or alias.
    static func named(_ name: String) -> TaskOptionKey? { all.first { $0.names.contains(name) } }

    /// Whether the settings say it where the task does not.
    package var hasSetting: Bool { defaultText == nil && name != "autoretry" && name != "retry_until" }

    /// Both names.
    package var names: [String] { [name] + (alias.map { [$0] } ?? []) }

    package static let all: [TaskOptionKey] = [
        TaskOptionKey(
            name: "max_retries", placeholder: "N", defaultText: "3",
            help: "How often the task may ask to be tried again; `unlimited` is without end."
        ) { text, options in
            if text == "unlimited" {
                options.maxRetries = nil
                return nil
            }
            return whole(text, 0...Int.max, or: " or `unlimited`") { options.maxRetries = $0 }
        },
        TaskOptionKey(
            name: "retry_delay", placeholder: "DURATION", defaultText: "180s",
            help: "How long to wait before it is tried again."
        ) { text, options in duration(text, allowsZero: true) { options.retryDelay = $0 } },
    ] + retryKeys + [
        TaskOptionKey(
            name: "time_limit", placeholder: "DURATION", defaultText: nil,
            help: "The time after which it is killed."
        ) { text, options in duration(text) { options.timeLimit = $0 } },
        TaskOptionKey(
            name: "soft_time_limit", placeholder: "DURATION", defaultText: nil,
            help: "The time after which it is told to stop; less than time_limit."
        ) { text, options in duration(text) { options.softTimeLimit = $0 } },
        TaskOptionKey(
            name: "queue", placeholder: "NAME", defaultText: nil,
            help: "The queue it is sent to."
        ) { text, options in
            guard QueueName.isValid(text) else {
                return "must be the name of a queue, \(QueueName.rule), not \"\(text)\""
            }
            options.queue = text
            return nil
        },
        TaskOptionKey(
            name: "priority", placeholder: "N", defaultText: nil,
            help: "0 to 255; higher runs earlier."
        ) { text, options in whole(text, 0...255) { options.priority = $0 } },
        TaskOptionKey(
            name: "ignore_result", placeholder: "true|false", defaultText: nil,
            help: "Whether its return value is thrown away."
        ) { text, options in
            switch text.lowercased() {
            case "true", "yes": options.ignoreResult = true
            case "false", "no": options.ignoreResult = false
            default: return "must be true or false, not \"\(text)\""
            }
            return nil
        },
        TaskOptionKey(
            name: "ack", placeholder: "late|early", defaultText: "late",
            help: "`late` runs it again when its worker dies; `early` runs it at most once."
        ) { text, options in
            guard let moment = TaskOptions.Acknowledgement(rawValue: text) else {
                return "must be late or early, not \"\(text)\""
            }
            options.acknowledgement = moment
            return nil
        },
        TaskOptionKey(
            name: "crash_limit", placeholder: "N", defaultText: nil,
            help: "How often it may lose its process before it is given up."
        ) { text, options in whole(text, 1...1_000) { options.crashLimit = $0 } },
        TaskOptionKey(
            name: "max_output", placeholder: "BYTES", defaultText: nil,
            help: "Bytes of standard output that are kept as its return value, such as 64k or 16m."
        ) { text, options in
            guard let bytes = ByteCountText.bytes(text), bytes > 0 else {
                return "must be a number of bytes such as 65536 or 16m, not \"\(text)\""
            }
            options.maxOutputBytes = bytes
            return nil
        },
    ] + limits

    /// What more there is to say of retries, and what is said of memory.
    private static let retryKeys: [TaskOptionKey] = [
        TaskOptionKey(
            name: "autoretry", alias: "autoretry_for", isList: true, placeholder: "WORD,...", defaultText: nil,
            help: "What it may fail of and is tried again: exit statuses, signals such as `SIGTERM`, or `any`; also `TimeoutError` for a time limit, `MemoryLimitExceeded`, `OutputTooLarge`. Exit status 75 always asks for it."
        ) { text, options in
            do throws(InvalidRetryCause) {
                let causes = try RetryCause.list(text)
                if causes.isEmpty { return "names nothing" }
                for case .error(let name) in causes where !programErrors.contains(name) {
                    let near = NearestName.suggest(name, among: programErrors).map { "; did you mean '\($0)'?" } ?? ""
                    return "names '\(name)', of which no program can fail\(near)"
                }
                options.autoretryFor = causes
                return nil
            } catch {
                return error.problem
            }
        },
        TaskOptionKey(
            name: "retry_backoff", placeholder: "yes|no|DURATION", defaultText: "no",
            help: "Lets the wait before each retry grow, in place of retry_delay: the first is so long, `yes` being a second, and each is twice the one before."
        ) { text, options in
            switch text.lowercased() {
            case "yes", "true": options.retryBackoff = .seconds(1)
            case "no", "false": options.retryBackoff = nil
            default:
                return duration(text, or: ", yes or no") { options.retryBackoff = $0 }
            }
            return nil
        },
        TaskOptionKey(
            name: "retry_backoff_max", placeholder: "DURATION", defaultText: "600s",
            help: "The longest that retry_backoff lets the wait grow to."
        ) { text, options in duration(text) { options.retryBackoffMax = $0 } },
        TaskOptionKey(
            name: "retry_jitter", placeholder: "full|none", defaultText: "full",
            help: "`full` waits a random part of what retry_backoff says, from none to all of it; `none` waits all of it."
        ) { text, options in
            switch text.lowercased() {
            case "full", "yes", "true": options.retryJitter = true
            case "none", "no", "false": options.retryJitter = false
            default: return "must be full or none, not \"\(text)\""
            }
            return nil
        },
        TaskOptionKey(
            name: "retry_until", placeholder: "DURATION", defaultText: nil,
            help: "How long after it was submitted, or after its ETA, it is tried again; then it fails of what the last try failed of."
        ) { text, options in duration(text) { options.retryUntil = $0 } },
        TaskOptionKey(
            name: "max_memory", placeholder: "BYTES", defaultText: nil,
            help: "Bytes of memory, such as 64m, that it and all it starts may hold together; above that it is killed."
        ) { text, options in
            guard let bytes = ByteCountText.bytes(text), bytes > 0 else {
                return "must be a number of bytes such as 65536 or 16m, not \"\(text)\""
            }
            options.maxMemoryBytes = bytes
            return nil
        },
    ]

    /// All that a program can fail of.
    private static let programErrors = [
        "CalledProcessError", "MemoryError", "MemoryLimitExceeded", "OSError", "OutputTooLarge", "SoftTimeLimitExceeded",
        "TimeLimitExceeded", "TimeoutError",
    ]

    static func whole(
        _ text: String, _ range: ClosedRange<Int>, or other: String = "", _ take: (Int) -> Void
    ) -> String? {
        guard let number = Int(text) else { return "must be a whole number\(other), not \"\(text)\"" }
        guard range.contains(number) else {
            let upper = range.upperBound == .max ? "or more" : "to \(range.upperBound)"
            let from = range.upperBound == .max ? "" : "from "
            return "must be \(from)\(range.lowerBound) \(upper), not \(number)"
        }
        take(number)
        return nil
    }

    private static func duration(
        _ text: String, allowsZero: Bool = false, or other: String = "", _ take: (Duration) -> Void
    ) -> String? {
        guard let seconds = DurationText.seconds(text) else {
            return "must be a length of time such as 90s or 10m\(other), not \"\(text)\""
        }
        guard seconds > 0 || allowsZero else { return "must be more than 0" }
        take(.seconds(seconds))
        return nil
    }
}
