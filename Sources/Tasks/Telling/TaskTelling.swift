package import CeleryCore

// What a running task says about itself, beside its output: a program on its channel, a Swift task by its context.
//
// A program finds the channel's descriptor in the variable `CELERY_SELF_FD`, and writes lines to it, each a JSON object with
// at least one of these members:
//
//     {"progress": {"current": 30, "total": 100, "text": "copying"}}
//     {"meta": {"rows": 1000}}
//     {"retry": {"in": 300, "reason": "the shop is closed"}}
//     {"fail": {"type": "SoldOut", "message": "no more"}}
//
// Progress and meta are shown while the task runs; meta is stored with its result, too. The last retry or failure decides
// how an attempt ends that exits by itself, whatever its exit status.

/// A valid line of a task's channel.
package struct TaskTelling: Sendable, Equatable {
    /// The environment variable with the number of the channel's descriptor.
    package static let variable = "CELERY_SELF_FD"
    /// The longest line in bytes, without its line feed.
    package static let lineLimit = 64 << 10

    /// Replaces the progress told before.
    package var progress: JSONObject?
    /// Notes to add to those made before.
    package var meta: JSONObject?
    /// How the attempt is to end.
    package var verdict: TaskVerdict?

    package init(progress: JSONObject? = nil, meta: JSONObject? = nil, verdict: TaskVerdict? = nil) {
        self.progress = progress
        self.meta = meta
        self.verdict = verdict
    }

    /// The line, without its line feed.
    package var line: [UInt8] {
        var object = JSONObject()
        if let progress { object["progress"] = .object(progress) }
        if let meta { object["meta"] = .object(meta) }
        switch verdict {
        case .retry(let delay, let reason):
            var retry = JSONObject()
            if let delay { retry["in"] = .number(delay) }
            if let reason { retry["reason"] = .string(reason) }
            object["retry"] = .object(retry)
        case .fail(let type, let message):
            var failure: JSONObject = ["type": .string(type)]
            if let message { failure["message"] = .string(message) }
            object["fail"] = .object(failure)
        case nil: break
        }
        return JSON.object(object).bytes(style: .compact)
    }

    /// Reads a line.
    ///
    /// - Throws: `InvalidTelling` for a line that is to have no effect at all.
    package init(parsing line: some Collection<UInt8>) throws(InvalidTelling) {
        guard let object = (try? JSON(parsing: Array(line)))?.objectValue else { throw InvalidTelling("a line is not a JSON object") }
        for key in object.keys where !["progress", "meta", "retry", "fail"].contains(key) {
            throw InvalidTelling("nothing is called '\(key)'; there are progress, meta, retry and fail")
        }
        progress = try Self.object("progress", object)
        meta = try Self.object("meta", object)
        if let retry = try Self.object("retry", object) {
            if object["fail"] != nil { throw InvalidTelling("a task cannot both fail and be retried") }
            verdict = .retry(delay: try Self.delay(retry["in"]), reason: try Self.text("reason", retry))
        } else if let failure = try Self.object("fail", object) {
            guard let type = failure["type"]?.stringValue, RetryCause.isName(type) else {
                throw InvalidTelling("the type of a failure is a name of letters, digits, _ and dots")
            }
            verdict = .fail(type: type, message: try Self.text("message", failure))
        }
        if progress == nil, meta == nil, verdict == nil { throw InvalidTelling("a line says nothing") }
    }

    private static func object(_ name: String, _ members: JSONObject) throws(InvalidTelling) -> JSONObject? {
        guard let value = members[name] else { return nil }
        guard let object = value.objectValue else { throw InvalidTelling("\(name) is not an object") }
        return object
    }

    private static func text(_ name: String, _ members: JSONObject) throws(InvalidTelling) -> String? {
        switch members[name] {
        case nil, .null: return nil
        case .string(let text): return text
        default: throw InvalidTelling("\(name) is not a text")
        }
    }

    private static func delay(_ value: JSON?) throws(InvalidTelling) -> Double? {
        guard let value, !value.isNull else { return nil }
        guard let seconds = value.doubleValue, seconds.isFinite, seconds >= 0 else {
            throw InvalidTelling("the delay of a retry is not a number of seconds")
        }
        return seconds
    }
}

/// How a task wants its attempt to end.
package enum TaskVerdict: Sendable, Equatable {
    /// Try again, after `delay` seconds or, if `nil`, the delay of the task's options.
    case retry(delay: Double?, reason: String?)
    case fail(type: String, message: String?)
}

/// A line of a task's channel that cannot be read.
package struct InvalidTelling: Error, Equatable, CustomStringConvertible {
    /// What is wrong: lower case, one line.
    package var description: String

    init(_ description: String) { self.description = description }
}
