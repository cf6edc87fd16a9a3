import CeleryCore
import Schedules

/// A key of `options` in a table `[beat.NAME]`: how the messages of a periodic task are sent.
///
/// The only table of them: the reader, its suggestions and the manual are made from it. The names are those of a
/// line of `celery apply --batch`, and of Python's `apply_async`.
package struct PeriodicSendKey: Sendable {
    package let name: String
    /// What it takes, for the manual: `whole number`.
    package let kind: String
    package let help: String
    let read: @Sendable (SettingsInput) throws(SettingsComplaint) -> JSON

    private init<Value: Sendable>(
        _ name: String, _ kind: SettingsKind<Value>, _ help: String, _ json: @escaping @Sendable (Value) -> JSON
    ) {
        self.name = name
        self.kind = kind.name
        self.help = help
        read = { input throws(SettingsComplaint) in json(try kind.read(input)) }
    }

    package static let all: [PeriodicSendKey] = [
        PeriodicSendKey("queue", .queue, "The queue it is sent to.", JSON.string),
        PeriodicSendKey("exchange", .name, "The exchange it is published to; with routing_key.", JSON.string),
        PeriodicSendKey("routing_key", .name, "The routing key it is published with.", JSON.string),
        PeriodicSendKey("priority", .whole(0...255), "0 to 255; higher runs earlier.") { .int(Int64($0)) },
        PeriodicSendKey("time_limit", .length, "The time after which it is killed.", JSON.number),
        PeriodicSendKey("soft_time_limit", .length, "The time after which it is told to stop.", JSON.number),
        PeriodicSendKey("max_retries", .whole(0...1_000_000), "How often it may ask to be tried again.") { .int(Int64($0)) },
        PeriodicSendKey("retry_delay", .length, "How long it waits before it is tried again.", JSON.number),
        PeriodicSendKey("retry_backoff", .length, "Lets that wait grow: the first is so long, and each twice the one before.", JSON.number),
        PeriodicSendKey("retry_backoff_max", .length, "The longest that it grows to.", JSON.number),
        PeriodicSendKey("retry_jitter", .truth, "Whether a wait that grows is a random part of its full length.", JSON.bool),
        PeriodicSendKey("retry_until", .length, "How long after a worker has first taken it, it is tried again.", JSON.number),
        PeriodicSendKey("autoretry", .values, "What it may fail of and is tried again: a list of exit statuses, signals, names of errors, or any.", JSON.array),
        PeriodicSendKey("max_memory", .bytes, "Bytes of memory above which it is killed.") { .int(Int64($0)) },
        PeriodicSendKey("ignore_result", .truth, "Whether its return value is thrown away.", JSON.bool),
        PeriodicSendKey("headers", .object, "Headers added to its messages.", JSON.object),
    ]

    static func named(_ name: String) -> PeriodicSendKey? { all.first { $0.name == name } }

    /// What Python's beat takes here and we say elsewhere, or not at all; said after the key.
    static let elsewhere = [
        "countdown": "is not for periodic tasks; jitter and phase move their times",
        "eta": "is not for periodic tasks; jitter and phase move their times",
        "task_id": "is not for periodic tasks; each run has an id made of the name and the due time",
        "id": "is not for periodic tasks; each run has an id made of the name and the due time",
    ]
}

extension SettingsKind where Value == Double {
    /// A length of time in seconds, above 0.
    static let length = SettingsKind(name: SettingsKind<Double?>.duration.name) { input throws(SettingsComplaint) in
        guard let seconds = try SettingsKind<Double?>.duration.read(input) else { throw SettingsComplaint("must be more than 0") }
        return seconds
    }
}

extension SettingsKind where Value == String {
    /// Text that names something: not empty, and to be shown on one line.
    static let name = SettingsKind(name: "text") { input throws(SettingsComplaint) in
        let name = try SettingsKind.text.read(input)
        guard !name.isEmpty else { throw SettingsComplaint("must not be empty") }
        guard name.forLog == name else {
            throw SettingsComplaint("must be up to 200 letters without control characters, not \"\(name.forLog)\"")
        }
        return name
    }
}

extension SettingsKind where Value == JSONObject {
    /// A table, as JSON.
    static let object = SettingsKind(name: "table") { input throws(SettingsComplaint) in
        guard case .table(let members) = input else {
            throw SettingsComplaint("must be a table such as { width = 100 }, not \(input.shown)")
        }
        var object = JSONObject()
        for member in members { object[member.name] = try member.value.json() }
        return object
    }
}

extension SettingsKind where Value == [JSON] {
    /// A list of anything, as JSON.
    static let values = SettingsKind(name: "list") { input throws(SettingsComplaint) in
        guard case .list(let elements) = input else {
            throw SettingsComplaint("must be a list such as [\"a.jpg\", 100], not \(input.shown)")
        }
        var values: [JSON] = []
        for element in elements { values.append(try element.json()) }
        return values
    }
}

extension SettingsInput {
    /// The value as an argument of a task.
    fileprivate func json() throws(SettingsComplaint) -> JSON {
        switch self {
        case .text(let text), .word(let text): return .string(text)
        case .whole(let number): return .int(Int64(number))
        case .number(let number):
            // What is no JSON but in Python's dialect would not reach every task.
            guard number.isFinite else { throw SettingsComplaint("holds \(number), which is no number in JSON") }
            return .double(number)
        case .truth(let value): return .bool(value)
        case .list: return .array(try SettingsKind<[JSON]>.values.read(self))
        case .table: return .object(try SettingsKind<JSONObject>.object.read(self))
        case .other(let what): throw SettingsComplaint("holds \(what), which JSON does not have; write it as text in quotes")
        }
    }
}
