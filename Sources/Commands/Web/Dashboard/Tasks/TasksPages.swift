import CeleryCore
import Client
import WebServer

/// `/tasks`: the tasks that a filter selects, page by page, and actions on all of them.
struct TasksPages: Sendable {
    let dashboard: Dashboard

    private var client: Client { dashboard.client }

    /// Tasks on a page.
    private static let length = 50
    /// How long broker and store look for them, each: somebody waits. What has not been found by then is on the next page.
    private static let patience: Duration = .milliseconds(80)

    var routes: [WebRoute] {
        [
            WebRoute("GET", "/tasks", .right(.read), TaskSearch.parameters) { call in
                dashboard.page(call) { try await page(TaskSearch(call.parameters), $0) }
            },
            WebRoute("POST", "/tasks/retry", .right(.act), TaskSearch.fields) { call in
                let search = TaskSearch(call.parameters)
                return dashboard.act(call, "sends again: \(ShellLine.of(search.options))", back: search.path()) {
                    try await BulkTasks(client: client).retry(search)
                }
            },
            WebRoute("POST", "/tasks/revoke", .right(.act), TaskSearch.fields) { call in
                let search = TaskSearch(call.parameters)
                return dashboard.act(call, "revokes: \(ShellLine.of(search.options))", back: search.path()) {
                    try await BulkTasks(client: client).revoke(search)
                }
            },
        ]
    }

    private func page(_ search: TaskSearch, _ viewer: Viewer) async throws -> Page {
        let filter = try search.filter(client.settings)
        let found = try await client.taskPage(filter, at: search.place, limit: Self.length, within: Self.patience)
        return Page(
            title: "Tasks", area: .tasks, head: form(search),
            body: """
                \(missing(filter, found))
                \(TaskSheet(redaction: client.settings.redaction).html(found.tasks.map(dashboard.shown), viewer.now, "No \(filter.isOpen ? "" : "matching ")tasks."))
                \(pages(search, found))
                \(ShellLine.html(ShellLine.of(["celery", "list"] + search.options)))
                \(bulk(search, viewer))
                """)
    }

    private func form(_ search: TaskSearch) -> HTML {
        let states = [("", "any")] + TaskSearch.states.map { ($0, $0) }
        let chosen = TaskSearch.states.contains(search.state) || search.state.isEmpty ? search.state : search.state.lowercased()
        var fields = [
            Field.choice("state", "State", states, chosen: chosen), Field.text("task", "Task", value: search.task, hint: "thumbs.*"),
            Field.text("queue", "Queue", value: search.queue), Field.text("since", "Since", value: search.since, hint: "1h"),
            Field.text("until", "Until", value: search.until, hint: "10m"),
        ]
        // Where results are hidden, a search would tell them.
        if !client.settings.web.hidesResults {
            fields.append(Field.text("text", "Text", value: search.text, hint: "in arguments, result, error"))
        }
        return Field.search(PagePath("tasks"), "Search", fields)
    }

    /// What the list cannot have.
    private func missing(_ filter: TaskFilter, _ found: TaskListPage) -> HTML {
        var sentences: [HTML] = []
        if filter.selects(any: [.queued, .scheduled, .retry]) {
            switch client.knownOfWaiting {
            case .all: break
            case .held:
                sentences.append(Shown.missing("\(client.broker.location) cannot list waiting tasks, except those that workers have taken; Queues shows how many there are"))
            case .none: sentences.append(Shown.missing("\(client.broker.location) cannot list tasks that wait or run"))
            }
        }
        if found.showsSomeWaiting { sentences.append(Shown.missing("Only the newest \(Self.length) of the tasks that wait or run are listed; a filter finds others")) }
        if let store = try? client.store, !(store is any ResultListing), filter.selects(any: [.success, .failure, .revoked]) {
            sentences.append(Shown.missing("\(store.location) cannot list tasks that have ended, except those of which workers with -E have told within an hour"))
        }
        return HTML(sentences)
    }

    private func pages(_ search: TaskSearch, _ found: TaskListPage) -> HTML {
        let first: HTML? = search.place == TaskPlace() ? nil : "<a href=\"\(search.path())\">Newest</a> "
        let cut: HTML? = found.isCut ? "<span class=\"muted\">The search was stopped so that this page comes in time; it can go on.</span> " : nil
        let next = found.next.map { next -> HTML in
            let word: HTML = found.isCut ? "Search further" : "Older"
            return "<a rel=\"next\" href=\"\(search.path(at: next))\">\(word)</a>"
        }
        guard first != nil || next != nil else { return "" }
        return "<nav aria-label=\"Pages of tasks\"><p>\(first)\(cut)\(next)</p></nav>"
    }

    private func bulk(_ search: TaskSearch, _ viewer: Viewer) -> HTML {
        var actions: [PageAction] = []
        if search.selectsEnded {
            actions.append(
                PageAction(
                    verb: "Retry all", object: "that match", path: PagePath("tasks", "retry"),
                    command: ShellLine.of(["celery", "retry"] + search.options), fields: Field.hidden(search.values),
                    warning: "Sends every task that matches again, on this page or not, under new ids."))
        }
        if search.selectsOpen {
            actions.append(
                PageAction(
                    verb: "Revoke all", object: "that match", path: PagePath("tasks", "revoke"),
                    command: ShellLine.of(["celery", "list", "-n", "1000000"] + search.options) + " | cut -f1 | xargs -r celery revoke",
                    fields: Field.hidden(search.values), isDangerous: true,
                    warning: "Revokes every task that matches and has not begun, on this page or not."))
        }
        guard viewer.mayAct else { return "" }
        if actions.isEmpty { return "<p class=\"muted\">Choose a state to retry or revoke all tasks that match.</p>" }
        return Shown.section("All that match", PageAction.html(actions, viewer))
    }
}
