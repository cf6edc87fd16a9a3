import Arguments
import CeleryCore
import Wire

/// Formats a dead letter as text or JSON.
struct LetterText {
    let letter: DeadLetter
    var redaction = Redaction()

    static let keys = [
        OutputKey("id", "The task id; for a message without one, a substitute id."),
        OutputKey("task, queue", "The task, and the queue it was consumed from; null if unknown."),
        OutputKey("reason, error", "Why the message was given up."),
        OutputKey("buried", "When the message was given up, in ISO 8601."),
        OutputKey("worker", "The worker that gave the message up; null for the broker itself."),
        OutputKey("attempts, crashes", "The number of attempts, and of attempts known to have lost their process."),
    ]

    static let contentKeys = [
        OutputKey("args, kwargs", "The arguments; null if they cannot be read, or are left out. Secret values are ***."),
        OutputKey("retries, eta, expires", "The values in the message; null if the message cannot be read."),
        OutputKey("headers, properties", "The original headers and properties; as a string if they are not JSON."),
        OutputKey("body", "The bytes of the body, in base64; null if values in it are hidden."),
    ]

    static let headings = ["id", "task", "queue", "reason", "given up", "attempts"]

    var fields: [String] {
        let burial = letter.burial
        return [
            letter.key, letter.task.flatMap { $0.isEmpty ? nil : $0 } ?? "-", letter.queue, burial.reason.name, LocalTime.text(burial.date),
            String(burial.attempts),
        ].map(\.inOneLine)
    }

    var object: JSONObject {
        let burial = letter.burial
        func text(_ value: String?) -> JSON { value.flatMap { $0.isEmpty ? nil : .string($0) } ?? .null }
        return [
            "id": .string(letter.key), "task": text(letter.task), "queue": .string(letter.queue),
            "reason": .string(burial.reason.name), "error": text(burial.error), "buried": .string(ISO8601.text(burial.date)),
            "worker": text(burial.worker), "attempts": .int(Int64(burial.attempts)), "crashes": .int(Int64(burial.crashes)),
        ]
    }

    /// The object with the content of the message.
    var fullObject: JSONObject {
        var object = self.object
        guard let content = letter.content else { return object }
        let arguments = self.arguments
        func time(_ value: Timestamp?) -> JSON { value.map { .string(ISO8601.text($0)) } ?? .null }
        object["args"] = arguments.map { .array($0.args) } ?? .null
        object["kwargs"] = arguments.map { .object($0.kwargs) } ?? .null
        object["retries"] = content.message.map { .int(Int64($0.retries)) } ?? .null
        object["eta"] = time(content.message?.eta)
        object["expires"] = time(content.message?.expires)
        object["headers"] = json(content.headers)
        object["properties"] = content.properties.isEmpty ? [:] : json(content.properties)
        object["body"] = shown(body: content.body) == content.body ? .string(Base64.encode(content.body)) : .null
        return object
    }

    /// All fields, one per line.
    var page: String {
        let burial = letter.burial
        var fields: [(String, String)] = [
            ("id", letter.key), ("task", letter.task ?? "-"), ("queue", letter.queue), ("reason", burial.reason.name),
            ("error", burial.error), ("buried", LocalTime.text(burial.date)), ("worker", burial.worker),
            ("attempts", String(burial.attempts)), ("crashes", String(burial.crashes)),
        ]
        if let content = letter.content {
            if let message = content.message {
                fields.append(("retries", String(message.retries)))
                fields.append(("eta", LocalTime.text(message.eta)))
                fields.append(("expires", LocalTime.text(message.expires)))
            }
            if let arguments {
                fields.append(("args", JSON.array(arguments.args).text(style: .compact)))
                fields.append(("kwargs", JSON.object(arguments.kwargs).text(style: .compact)))
            }
            fields.append(("headers", text(content.headers)))
            if !content.properties.isEmpty { fields.append(("properties", text(content.properties))) }
            fields.append(("body", Self.text(shown(body: content.body))))
        }
        let width = 12
        return fields.filter { !$0.1.isEmpty }
            .map { "\($0.0):" + String(repeating: " ", count: width - $0.0.count - 1) + $0.1.inOneLine }.joined(separator: "\n")
    }

    private var arguments: (args: [JSON], kwargs: JSONObject)? {
        letter.content?.message.flatMap { try? BodyCodec.decode($0.body) }.flatMap(redaction.shown)
    }

    /// Headers or properties as JSON, with hidden values.
    private func json(_ bytes: [UInt8]) -> JSON {
        guard let value = try? JSON(parsing: bytes) else { return .string(redaction.applied(to: String(decoding: bytes, as: UTF8.self))) }
        guard case .object(var headers) = redaction.applied(to: value) else { return redaction.applied(to: value) }
        if redaction.leavesOutArguments {
            for name in ["argsrepr", "kwargsrepr"] where headers[name] != nil { headers[name] = .null }
        }
        return .object(headers)
    }

    /// The same as text; unchanged if nothing is hidden.
    private func text(_ bytes: [UInt8]) -> String {
        guard let value = try? JSON(parsing: bytes) else { return redaction.applied(to: Self.text(bytes)) }
        let shown = json(bytes)
        return shown == value ? Self.text(bytes) : shown.text(style: .compact)
    }

    /// The body with hidden values; unchanged if there are none. A body that is not JSON is shown or hidden as a whole.
    private func shown(body: [UInt8]) -> [UInt8] {
        if redaction.leavesOutArguments { return Array(Redaction.leftOut.utf8) }
        guard let value = try? JSON(parsing: body) else {
            return redaction.hides(String(decoding: body, as: UTF8.self)) ? Array(Redaction.mark.utf8) : body
        }
        let shown = redaction.applied(to: value)
        return shown == value ? body : shown.bytes(style: .compact)
    }

    /// Text unchanged, other bytes in base64.
    private static func text(_ bytes: [UInt8]) -> String {
        if let text = String(validating: bytes, as: UTF8.self), !bytes.contains(0) { return text }
        return "base64:" + Base64.encode(bytes)
    }
}
