import CeleryCore
import WebServer

/// Which dead letters a page lists: the filters of `celery dead list`.
struct DeadSearch: Sendable {
    let task: String
    let queue: String
    let reason: String
    /// The last letter of the page before; the oldest come first.
    let after: (time: Timestamp, key: String)?

    static let fields: [String: WebParameterKind] = [
        "task": .text(255), "queue": .text(255), "reason": .check { $0.isEmpty || DeathReason.mayAnswer(to: $0) },
    ]
    static let parameters = fields.merging(["after": .check { Self.place($0) != nil }, "done": .check(Notices.isID)]) { $1 }

    init(_ parameters: WebParameters) {
        func field(_ name: String) -> String { parameters[name] ?? "" }
        (task, queue, reason) = (field("task"), field("queue"), field("reason"))
        after = parameters["after"].flatMap(Self.place)
    }

    /// `1764441999.25,KEY`.
    private static func place(_ text: String) -> (time: Timestamp, key: String)? {
        guard text.utf8.count <= 600, let comma = text.firstIndex(of: ","), let seconds = Double(text[..<comma]), seconds.isFinite, seconds >= 0
        else { return nil }
        return (Timestamp(seconds: seconds), String(text[text.index(after: comma)...]))
    }

    static func place(after letter: DeadLetter) -> String { "\(letter.burial.date.seconds),\(letter.key)" }

    var filter: DeadLetterFilter {
        var filter = DeadLetterFilter()
        filter.task = task.isEmpty ? nil : task
        filter.queue = queue.isEmpty ? nil : queue
        filter.reason = reason.isEmpty ? nil : reason
        return filter
    }

    var values: [(name: String, value: String)] { [("task", task), ("queue", queue), ("reason", reason)] }

    /// The options of `celery dead replay` and `celery dead drop`.
    var options: [String] {
        let options = [("--task", task), ("--queue", queue), ("--reason", reason)].filter { !$0.1.isEmpty }
        return options.isEmpty ? ["--all"] : options.flatMap { [$0.0, $0.1] }
    }

    func path(after letter: DeadLetter? = nil) -> PagePath {
        PagePath(["dead"], values.map { WebField($0.name, $0.value) } + [WebField("after", letter.map(Self.place) ?? "")])
    }
}
