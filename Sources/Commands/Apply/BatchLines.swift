import Arguments
import CeleryCore
import Client
import Tasks

/// Turns lines of a batch into messages.
struct BatchLines {
    /// Options of the command line, where a line does not say otherwise.
    let defaults: SendOptions
    let known: [String: TaskOptions]
    let factory: MessageFactory
    /// Task names seen.
    private(set) var names: Set<String> = []

    init(defaults: SendOptions, known: [String: TaskOptions], factory: MessageFactory) {
        self.defaults = defaults
        self.known = known
        self.factory = factory
    }

    /// - Returns: `nil` for an empty line.
    /// - Throws: `CommandError` saying what is wrong with the line.
    mutating func message(from line: [UInt8]) throws -> Message? {
        guard let work = try work(from: line) else { return nil }
        return factory.message(
            work.name, args: work.args, kwargs: work.kwargs, options: work.options, task: known[work.name])
    }

    /// What a line asks for.
    struct Work {
        var name: String
        var args: [JSON] = []
        var kwargs: JSONObject = [:]
        var options: SendOptions
    }

    /// Reads and checks a line.
    ///
    /// - Returns: `nil` for an empty line.
    /// - Throws: `CommandError` saying what is wrong with the line.
    mutating func work(from line: [UInt8]) throws -> Work? {
        if line.allSatisfy({ $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") || $0 == UInt8(ascii: "\r") }) { return nil }
        let value: JSON
        do throws(JSONError) {
            value = try JSON(parsing: line)
        } catch {
            throw bad("not JSON: \(error)")
        }
        guard let object = value.objectValue else { throw bad("not a JSON object") }
        guard let name = object["task"]?.stringValue, !name.isEmpty else { throw bad("'task' must be the name of a task") }
        var work = Work(name: name, options: defaults)
        for (key, value) in object.members where key != "task" {
            switch key {
            case "args":
                guard let array = value.arrayValue else { throw bad("'args' must be an array") }
                work.args = array
            case "kwargs":
                guard let object = value.objectValue else { throw bad("'kwargs' must be an object") }
                work.kwargs = object
            default:
                try set(key, value, &work.options)
            }
        }
        names.insert(name)
        return work
    }

    private func set(_ key: String, _ value: JSON, _ options: inout SendOptions) throws {
        switch key {
        case "id": options.id = try parsed(key, value, .taskID)
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
        case "ignore_result":
            guard let flag = value.boolValue else { throw bad("'ignore_result' must be true or false") }
            options.ignoreResult = flag
        case "headers":
            guard let headers = value.objectValue else { throw bad("'headers' must be an object") }
            for (name, value) in headers.members { options.headers[name] = value }
        default:
            let nearest = NearestName.suggest(key, among: Self.keys).map { "; did you mean '\($0)'?" } ?? ""
            throw bad("unknown key '\(key)'\(nearest)")
        }
    }

    private static let keys = [
        "task", "args", "kwargs", "id", "queue", "exchange", "routing_key", "priority", "countdown", "eta", "expires",
        "time_limit", "soft_time_limit", "max_retries", "retry_delay", "ignore_result", "headers",
    ]

    private func text(_ key: String, _ value: JSON) throws -> String {
        guard let text = value.stringValue, !text.isEmpty else { throw bad("'\(key)' must be text") }
        return text
    }

    /// Values mean what the option of the same name would take.
    private func parsed<Value>(_ key: String, _ value: JSON, _ parser: ValueParser<Value>) throws -> Value {
        let text = value.displayText
        do throws(InvalidValue) {
            return try parser.parse(text)
        } catch {
            throw bad("'\(key)': \(ArgumentError.quote(text)) \(error.problem)")
        }
    }

    private func bad(_ message: String) -> CommandError { CommandError(ExitCode.badData, message) }
}
