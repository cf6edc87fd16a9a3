/// Options that only the task itself may set.
public struct TaskOnlyOptions: Sendable {
    /// When to acknowledge the message.
    public let acknowledgement = TaskOption(
        "ack", OptionKind<Acknowledgement>.cases, default: .late,
        help: "Acknowledge the message when the task has ended, and run the task again if its worker dies (`late`), or before the task starts, and run it at most once (`early`).", places: .optionLine)
    /// Attempts that may lose their process before the task is given up.
    public let crashLimit = TaskOption(
        "crash_limit", OptionKind<Int>.whole(1...1_000), fallback: .settings,
        help: "Give up the task after its process was lost N times.", places: .optionLine, needsProcess: true)
    /// Bytes of output kept as the return value.
    public let maxOutputBytes = TaskOption(
        "max_output", OptionKind<Int>.bytes, fallback: .settings,
        help: "Keep this many bytes of standard output as the return value, such as 64k or 16m; more is a failure.",
        places: .optionLine)
    /// How often the task may start.
    public let rateLimit = TaskOption(
        "rate_limit", OptionKind<RateSetting>.rate, fallback: .settings,
        help: "Start the task at this rate at most, evenly spread; `unlimited` sets no limit. With SQLite all workers of the file count together, elsewhere each worker by itself.",
        places: .optionLine)
    /// Maximum number of concurrent runs; `nil` is limited by the pool alone.
    public let concurrency = TaskOption(
        "concurrency", OptionKind<Int>.whole(1...100_000, others: " or `unlimited`").or("unlimited", json: nil), default: nil,
        help: "Run at most N of the task at once: counted over all workers that store messages or results in the same SQLite file, elsewhere by each worker alone.",
        places: .optionLine)
    /// Whether the administrators get no mail when the task fails.
    public let disableErrorEmails = TaskOption(
        "disable_error_emails", OptionKind<Bool>.words(yes: ["yes", "true"], no: ["no", "false"]), default: false,
        help: "Send no mail to ADMINS when the task fails (`yes`).", places: .optionLine)

    /// When the message is acknowledged.
    public enum Acknowledgement: String, Sendable, Hashable, CaseIterable {
        /// After the task has ended: a task whose worker dies runs again.
        case late
        /// Before the task starts: it runs at most once.
        case early
    }

    /// The only instance: options are compared by identity.
    package static let table = TaskOnlyOptions()

    private init() {}

    var rows: [any AnyTaskOption] { [acknowledgement, crashLimit, maxOutputBytes, rateLimit, concurrency, disableErrorEmails] }
}
