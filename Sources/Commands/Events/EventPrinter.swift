import CeleryCore
import Wire

/// Prints events as text or JSON.
struct EventPrinter {
    let output: Output
    let redaction: Redaction

    /// The details that a line of text shows after time, type, host, id and name.
    private static let shown = [
        "args", "kwargs", "retries", "eta", "expires", "queue", "result", "runtime", "exception", "terminated", "signum", "expired",
        "requeue", "lost", "active", "processed", "sw_ident", "sw_ver",
    ]

    func print(_ recorded: RecordedEvent, task: String) {
        var recorded = recorded
        // Python's workers, and ours with other settings, may tell more.
        for key in ["args", "kwargs"] {
            guard let value = recorded.event.details[key] else { continue }
            recorded.event.details[key] = redaction.leavesOutArguments ? .null : redaction.applied(to: value)
        }
        output.record(Self.object(recorded), text: Self.text(recorded.event, task: task))
    }

    func print(_ gap: EventGap) {
        if output.format == .json {
            let lost = gap.count.map { JSON.int(Int64($0)) } ?? .null
            output.object(["type": "gap", "lost": lost, "reason": .string(gap.reason)])
        }
        output.error("celery events: gap: \(gap.reason)\(gap.count.map { " (up to \($0))" } ?? "")")
    }

    static func object(_ recorded: RecordedEvent) -> JSONObject {
        var object = EventDocument.object(recorded.event)
        object["cursor"] = recorded.cursor.map(JSON.string) ?? .null
        return object
    }

    /// The event in one line. Senders choose the texts of an event, so line breaks are escaped.
    static func text(_ event: Event, task: String) -> String {
        var fields = [ISO8601.text(event.time), event.type, event.hostname]
        if let id = event.taskID { fields += [id.text, task.isEmpty ? "-" : task] }
        for key in shown {
            guard let value = event.details[key], !value.isNull, !(key == "retries" && value == 0) else { continue }
            fields.append("\(key)=\(value.displayText)")
        }
        return fields.map(\.forLog).joined(separator: "\t")
    }
}
