import Beat
import CeleryCore

/// The reasons why a task has not begun, most important first: those that last longest or need action.
struct WaitingCauses {
    private typealias Cause = Explanation.Cause
    private let facts: TaskFacts

    init(_ facts: TaskFacts) { self.facts = facts }

    /// The causes for a message in a queue.
    var all: [Explanation.Cause] {
        let all = revoked + expired + (after.isEmpty ? limited ?? time : after) + pause + consumers + limit + line
        return all.isEmpty ? [Cause("due", "it is due, and no reason to wait is known")] : all
    }

    /// The causes for a task that may be waiting unseen, as far as they are known.
    var unseen: [Explanation.Cause] {
        var causes = [Cause("unseen", unseenText)] + revoked + (facts.queue == nil ? [] : pause) + consumers
        guard facts.queue == nil else { return causes }
        for (queue, pause) in facts.pauses.sorted(by: { $0.key < $1.key }) { causes += Self.paused(queue, pause, facts.now) }
        for count in facts.counts where count.ready > 0 && count.consumers == 0 && count.trouble == nil {
            causes.append(Cause("no_consumer", "queue \(count.name.forLog) holds \(Self.number(count.ready, "message")), and no worker consumes it"))
        }
        return causes
    }

    /// The causes for a task that a worker holds until its ETA.
    func kept(by worker: String) -> [Explanation.Cause] {
        let time = self.time
        return time.isEmpty ? [Cause("eta", "worker \(worker) holds it until its ETA")] : time
    }

    private var unseenText: String {
        if let limit = facts.searchLimit {
            return "neither a worker nor the result store has it, nor \(limit) messages of each queue; the task may be waiting behind them or may never have been sent"
        }
        return "neither a worker nor the result store has it; the broker cannot search its queues, so the task may be waiting there or may never have been sent"
    }

    /// The revocation in force for the task.
    var revoked: [Explanation.Cause] {
        guard let revocation = facts.revocation else { return [] }
        return [
            Cause(
                "revoked",
                "it was revoked at \(LocalTime.text(revocation.issued)), and will be dropped if a worker receives it before \(LocalTime.text(revocation.until))")
        ]
    }

    // MARK: Other tasks

    /// The tasks that have to succeed before, as far as they have not.
    private var after: [Explanation.Cause] {
        let ids = facts.standing?.message.map(Prerequisites.of) ?? []
        return ids.filter { facts.states[$0] != .success }.prefix(5).map { id in
            let state = facts.states[id].map { ", which is \($0.name) now" } ?? ""
            return Cause("after", "it begins when task \(id.text.forLog) has succeeded\(state)")
        }
    }

    // MARK: Its time

    /// An expired message stays where it is until it is its turn.
    private var expired: [Explanation.Cause] {
        guard let expires = facts.standing?.message?.expires, expires <= facts.now else { return [] }
        return [Cause("expired", "it expired at \(LocalTime.text(expires)), and will be dropped when a worker receives it")]
    }

    /// The limits for which a worker has put the message back; the broker does not know which.
    private var limited: [Explanation.Cause]? {
        guard let since = facts.waitsSince, let next = facts.location?.eta, next > facts.now else { return nil }
        let task = (facts.task ?? "its task").forLog
        return [
            Cause(
                "limit",
                "it has waited for the rate or the slots of \(task) since \(LocalTime.text(since)), and a worker looks at it again at \(LocalTime.text(next))")
        ]
    }

    private var time: [Explanation.Cause] {
        let retries = facts.location?.retries ?? facts.result?.retries ?? 0
        let isRetry = facts.result?.state == .retry || retries > 0
        // A retry without a known ETA is assumed to be waiting.
        guard facts.eta.map({ $0 > facts.now }) ?? (facts.location == nil && isRetry) else { return [] }
        let end = facts.eta.map { "until \(LocalTime.text($0)) (in \(DurationWords.fine(($0 - facts.now).inSeconds)))" }
        guard isRetry else { return [Cause("eta", "it may not begin before \(end.map { String($0.dropFirst(6)) } ?? "its ETA")")] }
        let reason = facts.result?.state == .retry ? facts.result?.failure.map { ": \($0.message.forLog)" } ?? "" : ""
        return [Cause("retry", "for its next try\(end.map { " \($0)" } ?? "")\(reason)")]
    }

    // MARK: Its queue

    private var pause: [Explanation.Cause] { facts.pause.map { Self.paused(queue, $0, facts.now) } ?? [] }

    private static func paused(_ queue: String, _ pause: QueuePause, _ now: Timestamp) -> [Explanation.Cause] {
        guard pause.holds(at: now) else { return [] }
        let end = pause.until.map { " until \(LocalTime.text($0))" } ?? ", with no end set"
        let who = pause.by.map { " by \($0.forLog)" } ?? ""
        let why = pause.reason.map { ": \($0.forLog)" } ?? ""
        return [Cause("paused", "queue \(queue.forLog) has been paused since \(LocalTime.text(pause.since))\(who)\(end)\(why)")]
    }

    private var consumers: [Explanation.Cause] {
        guard let workers = facts.workers else { return [] }
        if workers.isEmpty {
            // The queue has consumers that did not answer in time.
            if let count = facts.count?.consumers, count > 0 {
                return [Cause("silent", "queue \(queue) has \(Self.number(count, "consumer")), and no worker has answered")]
            }
            return [Cause("no_worker", "no worker is alive")]
        }
        guard facts.queue != nil else { return [] }
        let consuming = self.consuming
        guard !consuming.isEmpty else {
            return [Cause("no_consumer", "no worker consumes queue \(queue) (\(Self.number(workers.count, "worker")) alive)")]
        }
        guard let task = facts.task, !consuming.contains(where: { $0.tasks.contains(task) }) else { return [] }
        return [Cause("unregistered", "no worker of queue \(queue) knows task \(task.forLog)")]
    }

    private var consuming: [WorkerReport] {
        guard let queue = facts.queue else { return [] }
        return (facts.workers ?? []).filter { $0.queues.contains(queue) }
    }

    private var queue: String { (facts.queue ?? "-").forLog }

    // MARK: Its limits

    var limit: [Explanation.Cause] {
        switch facts.limit ?? facts.hold?.limit {
        case nil: return []
        case .rate(let task, let interval, let next):
            return [
                Cause("rate", "\(task.forLog) may begin once every \(DurationWords.fine(interval)), and not before \(LocalTime.text(next))")
            ]
        case .slot(let task, let key, let slots, let holders):
            let held = holders.map { id in worker(of: id).map { "\(id.text.forLog) on \($0.forLog)" } ?? id.text.forLog }
            let shown = held.prefix(5).joined(separator: ", ") + (held.count > 5 ? " and \(held.count - 5) more" : "")
            return [
                Cause(
                    "concurrency",
                    "\(slots == 1 ? "the only slot" : "all \(slots) slots") of \(task.forLog)\(Self.of(key)) \(slots == 1 ? "is" : "are") taken\(shown.isEmpty ? "" : ", by \(shown)")")
            ]
        case .turn(let task, let key):
            return [Cause("turn", "other messages of \(task.forLog)\(Self.of(key)) came first and begin before it")]
        }
    }

    private static func of(_ key: String) -> String { key.isEmpty ? "" : " with key \(key.forLog)" }

    private func worker(of id: TaskID) -> String? {
        facts.workers?.first { worker in worker.running.contains { $0.id == id } }?.name
    }

    // MARK: Messages ahead

    private var line: [Explanation.Cause] {
        guard let ahead = facts.standing?.ahead, facts.location?.state != .started else { return [] }
        var causes: [Explanation.Cause] = []
        if ahead > 0 { causes.append(Cause("behind", "it is behind \(Self.number(ahead, "other")) in queue \(queue)")) }
        let busy = consuming.filter { !$0.running.isEmpty }
        if !busy.isEmpty, busy.count == consuming.count {
            let shown = busy.prefix(3).map { "\($0.name.forLog) runs \($0.running.count)" }.joined(separator: ", ")
            causes.append(Cause("busy", "every worker of queue \(queue) is busy: \(shown)\(busy.count > 3 ? ", ..." : "")"))
        }
        return causes
    }

    static func number(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }
}
