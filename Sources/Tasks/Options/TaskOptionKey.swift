import CeleryCore

/// One option of a program's option line: its name, what it takes, what it does.
///
/// The only table of them: the parser, its suggestions and the manual are made from it.
package struct TaskOptionKey: Sendable {
    package let name: String
    /// What it takes, for the manual: `DURATION`.
    package let placeholder: String
    /// The default, as one would write it; `nil` when the settings decide.
    package let defaultText: String?
    package let help: String
    /// What is wrong with a value, to be said after the name; `nil` when it was taken.
    let assign: @Sendable (String, inout TaskOptions) -> String?

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

    private static func duration(_ text: String, allowsZero: Bool = false, _ take: (Duration) -> Void) -> String? {
        guard let seconds = DurationText.seconds(text) else {
            return "must be a length of time such as 90s or 10m, not \"\(text)\""
        }
        guard seconds > 0 || allowsZero else { return "must be more than 0" }
        take(.seconds(seconds))
        return nil
    }
}
