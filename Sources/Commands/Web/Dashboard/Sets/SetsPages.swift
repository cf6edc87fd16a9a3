import CeleryCore
import Client
import WebServer

/// `/sets`: task-sets, their counts and members.
struct SetsPages: Sendable {
    let dashboard: Dashboard

    private var client: Client { dashboard.client }

    /// Sets on the page, the newest.
    private static let most = 50
    /// Members on a page.
    private static let length = 100

    var routes: [WebRoute] {
        let id: [String: WebParameterKind] = ["id": .text(255)]
        return [
            WebRoute("GET", "/sets", .right(.read), ["done": .check(Notices.isID)]) { call in dashboard.page(call) { try await page($0) } },
            WebRoute(
                "GET", "/sets/:id", .right(.read), id.merging(["from": .whole(1...10_000_000), "done": .check(Notices.isID)]) { $1 }
            ) { call in
                dashboard.page(call) { try await page(of: call.parameters["id"] ?? "", from: call.parameters.number("from") ?? 1, $0) }
            },
            WebRoute("POST", "/sets/:id/revoke", .right(.act), id) { call in
                let id = call.parameters["id"] ?? ""
                return dashboard.act(call, "revokes task-set \(id.forLog)", back: PagePath("sets", id)) { try await revoke(id) }
            },
        ]
    }

    private func page(_ viewer: Viewer) async throws -> Page {
        let told = await dashboard.ask("keep task-sets", try? client.taskSets as (any TaskSetKeeping)?) { try await $0.taskSets(limit: Self.most) }
        let command = ShellLine.html("celery taskset")
        guard let sets = told.value else {
            let reason = if case .not(let reason) = told { reason } else { "" }
            return Page(title: "Task-sets", area: .sets, body: "\(Shown.missing(reason))\(command)")
        }
        var sheet = Sheet(
            caption: "Task-sets", headings: ["Id", "Tasks", "Done", "Failed", "Progress", "Created"], numbers: [1, 2, 3], empty: "No task-sets are kept.")
        for set in sets {
            let counts = TaskSetCounts(try await client.counts(of: set), total: set.total)
            let path = PagePath("sets", set.id)
            sheet.rows.append([
                path.isPossible ? "<a class=\"id\" href=\"\(path)\">\(set.id.forLog)</a>" : Shown.code(set.id.forLog), Shown.count(set.total),
                "\(counts.done)", "\(counts.failed)", bar(counts, set.total, set.id), Shown.ago(set.created, viewer.now),
            ])
        }
        let more: HTML? = sets.count == Self.most ? Shown.missing("The newest \(Self.most) are shown") : nil
        return Page(title: "Task-sets", area: .sets, body: "\(sheet.html)\(more)\(command)")
    }

    private func bar(_ counts: TaskSetCounts, _ total: Int?, _ id: String) -> HTML {
        guard let total, total > 0 else { return "<span class=\"muted\">more are being submitted</span>" }
        return "<progress aria-label=\"Progress of \(id.forLog)\" max=\"\(total)\" value=\"\(min(counts.done, total))\"></progress>"
    }

    private func page(of id: String, from first: Int, _ viewer: Viewer) async throws -> Page {
        guard let set = try await client.taskSets.taskSet(id) else { throw WebRefusal(404, "no such task-set is kept") }
        let counts = try await client.counts(of: set)
        let sum = TaskSetCounts(counts, total: set.total)
        var fields: [(String, HTML)] = [("Tasks", Shown.count(set.total)), ("Created", Shown.time(set.created, viewer.now))]
        fields += counts.filter { $0.value > 0 }.sorted { $0.key.name < $1.key.name }.map { ($0.key.name, "\($0.value)") }
        let revoke = PageAction(
            verb: "Revoke", object: "what is left of this set", path: PagePath("sets", id, "revoke"),
            command: ShellLine.of("celery", "taskset", "--revoke", id), isDangerous: true,
            warning: "Tasks of the set that have not begun do not run.")
        return Page(
            title: "Task-set \(id.forLog)", area: .sets,
            body: """
                \(Shown.list(fields))
                <p>\(bar(sum, set.total, id))</p>
                \(sum.isFinished ? "" : PageAction.html([revoke], viewer))
                \(Shown.section("Members", try await members(set, from: first)))
                \(ShellLine.html(ShellLine.of("celery", "taskset", id)))
                """)
    }

    private func members(_ set: TaskSetRecord, from first: Int) async throws -> HTML {
        guard let total = set.total ?? set.members?.count else { return Shown.missing("They are not all submitted yet") }
        var sheet = Sheet(caption: "Members", headings: ["Number", "Id", "State", "Worker", "Ended with"], empty: "There are none.")
        if first <= total {
            let numbers = first...min(total, first + Self.length - 1)
            let ids = set.ids(numbers)
            let statuses = try await client.status(of: ids)
            for (number, status) in zip(numbers, statuses) {
                let result = status.result.map(dashboard.shown)
                let failure = result?.failure.map { $0.message.isEmpty ? $0.type : "\($0.type): \($0.message)" }
                let value = result.flatMap { $0.state == .success ? $0.value.displayText : nil }
                sheet.rows.append([
                    "\(number)", Shown.task(status.id), Shown.state(status.state == .unknown ? "PENDING" : status.state.name),
                    HTML((status.location?.worker ?? result?.worker)?.forLog ?? "-"), HTML((failure ?? value ?? "").forLog),
                ])
            }
        }
        let before: HTML? = first > 1
            ? "<a rel=\"prev\" href=\"\(PagePath("sets", set.id, query: ["from": String(max(1, first - Self.length))]))\">Earlier</a> " : nil
        let after: HTML? = first + Self.length <= total
            ? "<a rel=\"next\" href=\"\(PagePath("sets", set.id, query: ["from": String(first + Self.length)]))\">Later</a>" : nil
        guard before != nil || after != nil else { return sheet.html }
        return "\(sheet.html)<nav aria-label=\"Pages of members\"><p>\(before)\(after)</p></nav>"
    }

    private func revoke(_ id: String) async throws -> Notice {
        guard let set = try await client.taskSets.taskSet(id) else { throw WebRefusal(404, "no such task-set is kept") }
        var count = (revoked: 0, held: 0)
        for numbers in set.pieces(set.total ?? 0) {
            let piece = try await client.revokeOpen(set.ids(numbers), isTerminating: false, as: "taskset@%h")
            count = (count.revoked + piece.revoked, count.held + piece.held)
        }
        return Notice(
            "Revoked \(Shown.number(count.revoked, "task"))\(count.held > 0 ? ", \(count.held) of which a worker has" : "").",
            command: ShellLine.of("celery", "taskset", "--revoke", id))
    }
}
