import CeleryCore
import Client
import WebServer

/// `/task/ID`: all that is known of a task, and what can be done to it.
struct TaskPages: Sendable {
    let dashboard: Dashboard

    private var client: Client { dashboard.client }

    var routes: [WebRoute] {
        let id: [String: WebParameterKind] = ["id": .check(StatusRoutes.isID)]
        return [
            WebRoute("GET", "/task/:id", .right(.read), id.merging(["done": .check(Notices.isID)]) { $1 }) { call in
                dashboard.page(call) { try await page(TaskID(call.parameters["id"] ?? ""), $0) }
            },
            WebRoute("POST", "/task/:id/retry", .right(.act), id) { call in act(call, "sends again") { try await retry($0) } },
            WebRoute("POST", "/task/:id/revoke", .right(.act), id) { call in
                act(call, "revokes") { try await revoke($0, isTerminating: false) }
            },
            WebRoute("POST", "/task/:id/terminate", .right(.act), id) { call in
                act(call, "terminates") { try await revoke($0, isTerminating: true) }
            },
        ]
    }

    private func page(_ id: TaskID, _ viewer: Viewer) async throws -> Page {
        let report = try await TaskReport(id, dashboard)
        let view = TaskView(report: report, settings: client.settings, now: viewer.now)
        return Page(
            title: "Task \(report.facts.task.map { $0.forLog } ?? id.text)", area: .tasks,
            body: "\(view.top)\(PageAction.html(actions(report), viewer))\(view.rest)",
            status: report.facts.isKnown || report.explanation.verdict == .unseen ? 200 : 404)
    }

    private func actions(_ report: TaskReport) -> [PageAction] {
        let id = report.facts.id.text
        var actions: [PageAction] = []
        if report.canBeRetried {
            actions.append(
                PageAction(
                    verb: "Retry", object: "this task", path: PagePath("task", id, "retry"), command: ShellLine.of("celery", "retry", id),
                    warning: "Sends it again with the same arguments, under a new id."))
        }
        if report.isOpen {
            actions.append(
                PageAction(
                    verb: "Revoke", object: "this task", path: PagePath("task", id, "revoke"), command: ShellLine.of("celery", "revoke", id),
                    isDangerous: true, warning: "It does not run, unless it has begun."))
            actions.append(
                PageAction(
                    verb: "Terminate", object: "this task", path: PagePath("task", id, "terminate"),
                    command: ShellLine.of("celery", "revoke", "--terminate", id), isDangerous: true,
                    warning: "It does not run, and is stopped if it runs."))
        }
        return actions
    }

    // MARK: Actions

    private func act(_ call: WebCall, _ verb: String, _ work: @escaping @Sendable (TaskID) async throws -> Notice) -> WebServer.Reply {
        let id = TaskID(call.parameters["id"] ?? "")
        return dashboard.act(call, "\(verb) task \(id)", back: PagePath("task", id.text)) { try await work(id) }
    }

    private func retry(_ id: TaskID) async throws -> Notice {
        let tally = RetryTally()
        var sender = RetrySender(client: client) { tally.note($0) }
        _ = try await sender.send([id])
        return Notice(tally.text, command: ShellLine.of("celery", "retry", id.text))
    }

    private func revoke(_ id: TaskID, isTerminating: Bool) async throws -> Notice {
        let done = try await client.revokeOpen([id], isTerminating: isTerminating, as: "web@%h")
        let command = ShellLine.of(["celery", "revoke"] + (isTerminating ? ["--terminate"] : []) + [id.text])
        if done.revoked == 0 { return Notice("It has ended already.", command: command) }
        guard done.held > 0 else { return Notice("Revoked.", command: command) }
        return Notice(
            isTerminating ? "Revoked; the worker that has it stops it." : "Revoked; the worker that has it drops it, unless it has begun.",
            command: command)
    }
}
