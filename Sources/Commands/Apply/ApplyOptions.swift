import Arguments
import CeleryCore
import Client

/// Options that say how a task is sent; `apply` and `dmap` share them.
enum SendArguments {
    static let countdown = Option.value(
        "countdown", placeholder: "S", .duration, help: "Run it so much later, in seconds or as 90s, 10m, 2h, 1d.")
    static let eta = Option.value(
        "eta", placeholder: "TIME", .time,
        help: "Run it not before TIME: ISO 8601, HH:MM, or 'tomorrow 06:00', in the local zone unless one is written.")
    static let expires = Option.value(
        "expires", placeholder: "S|TIME", .timeOrDuration, help: "Do not run it after so many seconds, or after TIME.")
    static let queue = Option.value(
        "queue", short: "Q", placeholder: "QUEUE", .nonEmptyText, help: "Send it to QUEUE.",
        settings: ["CELERY_DEFAULT_QUEUE"], completion: .queue)
    static let exchange = Option.value(
        "exchange", placeholder: "E", .nonEmptyText, help: "Publish to exchange E; needs --routing-key.")
    static let routingKey = Option.value(
        "routing-key", placeholder: "K", .nonEmptyText, help: "Publish with routing key K.")
    static let priority = Option.value(
        "priority", placeholder: "N", .integer(in: 0...255), help: "Run it earlier the higher N is, 0 to 255.")
    static let timeLimit = Option.value(
        "time-limit", placeholder: "S", .duration, help: "Kill it after so many seconds.")
    static let softTimeLimit = Option.value(
        "soft-time-limit", placeholder: "S", .duration, help: "Tell it to stop after so many seconds.")
    static let maxRetries = Option.value(
        "max-retries", placeholder: "N", .integer(in: 0...1_000_000), help: "Try it again at most N times.")
    static let retryDelay = Option.value(
        "retry-delay", placeholder: "S", .duration, help: "Wait so many seconds before it is tried again.")
    static let retryBackoff = Option.value(
        "retry-backoff", placeholder: "S", .duration,
        help: "Wait so many seconds before the first retry, and before each other one twice as long as before that; 0 waits as long each time.")
    static let retryBackoffMax = Option.value(
        "retry-backoff-max", placeholder: "S", .duration, help: "Let --retry-backoff grow to so many seconds.")
    static let retryJitter = Option.value(
        "retry-jitter", placeholder: "HOW", ValueParser<RetryJitter>.cases, help: "Wait a random part of what --retry-backoff says, or all of it: full or none.")
    static let retryUntil = Option.value(
        "retry-until", placeholder: "S|TIME", .retryEnd, help: "Do not try it again after so many seconds, or after TIME.")
    static let autoretry = Option.value(
        "autoretry", placeholder: "WORD,...", .retryCauses,
        help: "Try it again when it fails of one of these: exit statuses, signals such as SIGTERM, names of errors, or any.")
    static let maxMemory = Option.value(
        "max-memory", placeholder: "BYTES", .memory, help: "Kill it when it holds more memory than so many bytes, such as 64m.")
    static let concurrencyKey = Option.value(
        "concurrency-key", placeholder: "K", .nonEmptyText,
        help: "Count it with others of key K, if the task limits its concurrency.")
    static let ignoreResult = Option.flag("ignore-result", help: "Do not store what it returns.")
    static let headers = Option.values(
        "header", placeholder: "K=V", .text, help: "Add a header to the message; V is JSON if it parses as JSON.")

    static let descriptions: [OptionDescription] = [
        countdown.description, eta.description, expires.description, queue.description, exchange.description,
        routingKey.description, priority.description, timeLimit.description, softTimeLimit.description,
        maxRetries.description, retryDelay.description, retryBackoff.description, retryBackoffMax.description,
        retryJitter.description, retryUntil.description, autoretry.description, maxMemory.description, concurrencyKey.description,
        ignoreResult.description, headers.description,
    ]

    /// The options as they were given.
    static func read(_ arguments: ParsedArguments) throws -> SendOptions {
        var options = SendOptions()
        if arguments.isGiven(countdown) && arguments.isGiven(eta) {
            throw ArgumentError("--countdown and --eta exclude each other")
        }
        if let duration = arguments[countdown] { options.countdown(duration) }
        if let time = arguments[eta] { options.eta = time }
        options.expires = arguments[expires]
        options.queue = arguments[queue]
        options.exchange = arguments[exchange]
        options.routingKey = arguments[routingKey]
        if options.exchange != nil && options.routingKey == nil {
            throw ArgumentError("--exchange needs --routing-key")
        }
        options.priority = arguments[priority]
        options.timeLimit = arguments[timeLimit]
        options.softTimeLimit = arguments[softTimeLimit]
        if let soft = options.softTimeLimit, let hard = options.timeLimit, soft > hard {
            throw ArgumentError("--soft-time-limit is longer than --time-limit")
        }
        options.maxRetries = arguments[maxRetries]
        options.retryDelay = arguments[retryDelay]
        options.retryBackoff = arguments[retryBackoff]
        options.retryBackoffMax = arguments[retryBackoffMax]
        options.retryJitter = arguments[retryJitter].map { $0 == .full }
        options.retryUntil = arguments[retryUntil]
        options.autoretryFor = arguments[autoretry]
        options.maxMemoryBytes = arguments[maxMemory]
        options.concurrencyKey = arguments[concurrencyKey]
        options.ignoreResult = arguments[ignoreResult] ? true : nil
        for header in arguments[headers] {
            guard let equals = header.firstIndex(of: "="), equals > header.startIndex else {
                throw ArgumentError("\(ArgumentError.quote(header)) is not K=V (for --header)")
            }
            let name = String(header[..<equals])
            options.headers[name] = ArgumentWords.value(of: String(header[header.index(after: equals)...]))
        }
        return options
    }
}
