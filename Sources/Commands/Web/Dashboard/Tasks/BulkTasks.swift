import CeleryCore
import Client
import WebServer

/// Actions on all tasks that a filter selects, on the page or not.
struct BulkTasks {
    let client: Client

    /// Tasks revoked at a time.
    private static let piece = 500
    /// How long to look for them.
    private static let patience: Duration = .seconds(5)

    /// Sends all again that have ended.
    func retry(_ search: TaskSearch) async throws -> Notice {
        guard search.selectsEnded else { throw WebRefusal(400, "only tasks that have ended can be sent again: choose success, failure or revoked") }
        let tally = RetryTally()
        var sender = RetrySender(client: client) { tally.note($0) }
        _ = try await sender.send(try search.filter(client.settings))
        return Notice(tally.text, command: ShellLine.of(["celery", "retry"] + search.options))
    }

    /// Revokes all that have not begun.
    func revoke(_ search: TaskSearch) async throws -> Notice {
        guard search.selectsOpen else { throw WebRefusal(400, "only tasks that wait or run can be revoked: choose waiting, running or retry") }
        let filter = try search.filter(client.settings)
        var place: TaskPlace? = TaskPlace()
        var count = (revoked: 0, held: 0)
        while let here = place {
            let page = try await client.taskPage(filter, at: here, limit: Self.piece, within: Self.patience)
            let done = try await client.revokeOpen(page.tasks.map(\.id), isTerminating: false, as: "web@%h")
            count = (count.revoked + done.revoked, count.held + done.held)
            place = page.next
        }
        let held = count.held == 0 ? "" : ", \(count.held) of which a worker has and drops unless they have begun"
        return Notice("Revoked \(Shown.number(count.revoked, "task"))\(held).")
    }
}

/// Counts what was sent again.
final class RetryTally {
    private(set) var sent: [(old: TaskID, new: TaskID)] = []
    private var count = 0
    private var refused: [(id: TaskID, reason: String)] = []
    private var refusals = 0

    /// Of each only the first are remembered.
    private static let most = 3

    func note(_ news: RetrySender.News) {
        switch news {
        case .sent(let old, let new):
            count += 1
            if sent.count < Self.most { sent.append((old, new.id)) }
        case .refused(let id, let reason):
            refusals += 1
            if refused.count < Self.most { refused.append((id, reason)) }
        case .pause: break
        }
    }

    /// In sentences.
    var text: String {
        let done = count == 1 ? "Sent again as \(sent[0].new)." : "Sent \(Shown.number(count, "task")) again."
        guard refusals > 0 else { return done }
        let some = refused.map { "\($0.id.text.forLog): \($0.reason.forLog)" }.joined(separator: "; ")
        return "\(count == 0 ? "" : done + " ")Not sent: \(refusals == refused.count ? some : "\(refusals), such as \(some)")."
    }
}
