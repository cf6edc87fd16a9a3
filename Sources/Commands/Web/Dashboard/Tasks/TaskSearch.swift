import Arguments
import CeleryCore
import Client
import WebServer

/// Which tasks a page lists: the filters of `celery list`.
struct TaskSearch: Sendable {
    let state: String
    let task: String
    let queue: String
    let text: String
    let since: String
    let until: String
    let place: TaskPlace

    /// The states to choose from. `TaskPhase.named` knows more words, which an address may have.
    static let states = ["waiting", "queued", "scheduled", "running", "retry", "success", "failure", "revoked", "finished"]

    /// The fields of the filter, which a form may leave empty.
    static let fields: [String: WebParameterKind] = [
        "state": .check { $0.isEmpty || TaskPhase.named($0) != nil }, "task": .text(255), "queue": .text(255), "text": .text(500),
        "since": .check { $0.isEmpty || time($0) != nil }, "until": .check { $0.isEmpty || time($0) != nil },
    ]

    /// The parameters of the page.
    static let parameters = fields.merging(["at": .check { TaskPlace($0) != nil }, "done": .check(Notices.isID)]) { $1 }

    init(_ parameters: WebParameters) {
        func field(_ name: String) -> String { parameters[name] ?? "" }
        (state, task, queue, text) = (field("state"), field("task"), field("queue"), field("text"))
        (since, until) = (field("since"), field("until"))
        place = parameters["at"].flatMap { TaskPlace($0) } ?? TaskPlace()
    }

    private static func time(_ text: String) -> Timestamp? { text.utf8.count > 40 ? nil : try? ValueParser<Timestamp>.pastTime.parse(text) }

    /// The refusal of a search for text where results are hidden.
    static let hidden = WebRefusal(403, "results are hidden here (CELERY_WEB_HIDE_RESULTS), and a search for text would tell them")

    /// - Throws: `WebRefusal` with 403 for a search of results that are not shown: it would tell them.
    func filter(_ settings: Settings) throws(WebRefusal) -> TaskFilter {
        if !text.isEmpty, settings.web.hidesResults { throw Self.hidden }
        var filter = TaskFilter()
        filter.redaction = settings.redaction
        filter.phases = state.isEmpty ? nil : TaskPhase.named(state)
        filter.task = task.isEmpty ? nil : task
        filter.queue = queue.isEmpty ? nil : queue
        filter.text = text.isEmpty ? nil : text
        filter.since = since.isEmpty ? nil : Self.time(since)
        filter.until = until.isEmpty ? nil : Self.time(until)
        return filter
    }

    /// The fields by name, for forms and addresses.
    var values: [(name: String, value: String)] {
        [("state", state), ("task", task), ("queue", queue), ("text", text), ("since", since), ("until", until)]
    }

    /// The options of `celery list` and `celery retry`.
    var options: [String] {
        let options = [("--state", state), ("--task", task), ("--queue", queue), ("--grep", text), ("--since", since), ("--until", until)]
        return options.filter { !$0.1.isEmpty }.flatMap { [$0.0, $0.1] }
    }

    /// The page with this filter.
    func path(at place: TaskPlace? = nil) -> PagePath {
        PagePath(["tasks"], values.map { WebField($0.name, $0.value) } + [WebField("at", place?.text ?? "")])
    }

    /// Whether all that it selects has ended, so that it can be sent again.
    var selectsEnded: Bool { TaskPhase.named(state)?.allSatisfy { !$0.isOpen } ?? false }
    /// Whether all that it selects waits or runs, so that it can be revoked.
    var selectsOpen: Bool { TaskPhase.named(state)?.allSatisfy(\.isOpen) ?? false }
}
