import Arguments
import CeleryCore
import Client

/// How a message is sent, as members of a JSON object: in a line of a batch, and in `options` of a periodic task.
struct SendMembers {
    /// The exit status of a mistake.
    let status: Int32
    /// Keys that stand beside these, for suggestions.
    var otherKeys: [String] = []

    private static let keys = [
        "queue", "exchange", "routing_key", "priority", "countdown", "eta", "expires", "time_limit", "soft_time_limit",
        "max_retries", "retry_delay", "retry_backoff", "retry_backoff_max", "retry_jitter", "retry_until", "autoretry",
        "max_memory", "concurrency_key", "ignore_result", "headers",
    ]

    /// Takes one member.
    ///
    /// - Throws: `CommandError` saying what is wrong with it.
    func take(_ key: String, _ value: JSON, into options: inout SendOptions) throws {
        switch key {
        case "queue": options.queue = try text(key, value)
        case "exchange": options.exchange = try text(key, value)
        case "routing_key": options.routingKey = try text(key, value)
        case "priority": options.priority = try parsed(key, value, .integer(in: 0...255))
        case "countdown": options.countdown(try parsed(key, value, .duration))
        case "eta": options.eta = try parsed(key, value, .time)
        case "expires": options.expires = try parsed(key, value, .timeOrDuration)
        case "time_limit": options.timeLimit = try parsed(key, value, .duration)
        case "soft_time_limit": options.softTimeLimit = try parsed(key, value, .duration)
        case "max_retries": options.maxRetries = try parsed(key, value, .integer(in: 0...1_000_000))
        case "retry_delay": options.retryDelay = try parsed(key, value, .duration)
        case "retry_backoff": options.retryBackoff = try value.boolValue.map { $0 ? .seconds(1) : .zero } ?? parsed(key, value, .duration)
        case "retry_backoff_max": options.retryBackoffMax = try parsed(key, value, .duration)
        case "retry_jitter":
            guard let flag = value.boolValue else { throw bad("'retry_jitter' must be true or false") }
            options.retryJitter = flag
        case "retry_until": options.retryUntil = try parsed(key, value, .retryEnd)
        case "autoretry":
            options.autoretryFor = try parsed(key, .string(value.arrayValue.map { $0.map(\.displayText).joined(separator: ",") } ?? value.displayText), .retryCauses)
        case "max_memory": options.maxMemoryBytes = try parsed(key, value, .memory)
        case "concurrency_key": options.concurrencyKey = try text(key, value)
        case "ignore_result":
            guard let flag = value.boolValue else { throw bad("'ignore_result' must be true or false") }
            options.ignoreResult = flag
        case "headers":
            guard let headers = value.objectValue else { throw bad("'headers' must be an object") }
            for (name, value) in headers.members { options.headers[name] = value }
        default:
            let nearest = NearestName.suggest(key, among: otherKeys + Self.keys).map { "; did you mean '\($0)'?" } ?? ""
            throw bad("unknown key '\(key)'\(nearest)")
        }
    }

    private func text(_ key: String, _ value: JSON) throws -> String {
        guard let text = value.stringValue, !text.isEmpty else { throw bad("'\(key)' must be text") }
        return text
    }

    /// Values mean what the option of the same name would take.
    func parsed<Value>(_ key: String, _ value: JSON, _ parser: ValueParser<Value>) throws -> Value {
        let text = value.displayText
        do throws(InvalidValue) {
            return try parser.parse(text)
        } catch {
            throw bad("'\(key)': \(ArgumentError.quote(text)) \(error.problem)")
        }
    }

    func bad(_ message: String) -> CommandError { CommandError(status, message) }
}
