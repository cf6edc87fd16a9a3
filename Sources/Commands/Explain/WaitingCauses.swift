import Beat
import CeleryCore

/// Why a task is not begun yet: all that holds, what lasts longest or must be mended first.
struct WaitingCauses {
    private typealias Cause = Explanation.Cause
    private let facts: TaskFacts

    init(_ facts: TaskFacts) { self.facts = facts }

    /// Of a message that the broker has, and no worker.
    var all: [Explanation.Cause] {
        let all = revoked + time + pause + consumers + limit + line
        return all.isEmpty ? [Cause("due", "it is due, and nothing is known to keep it from a worker")] : all
    }

    /// Of one that cannot be seen: what is known all the same.
    var unseen: [Explanation.Cause] {
        var causes = [Cause("unseen", unseenText)] + revoked + (facts.queue == nil ? [] : pause) + consumers
        guard facts.queue == nil else { return causes }
        for (queue, pause) in facts.pauses.sorted(by: { $0.key < $1.key }) { causes += Self.paused(queue, pause, facts.now) }
        for count in facts.counts where count.ready > 0 && count.consumers == 0 && count.trouble == nil {
            causes.append(Cause("no_consumer", "queue \(count.name.forLog) holds \(Self.number(count.ready, "message")), and no worker consumes it"))
        }
        return causes
    }

    /// Of one that a worker keeps until its time.
    func kept(by worker: String) -> [Explanation.Cause] {
        let time = self.time
        return time.isEmpty ? [Cause("eta", "worker \(worker) keeps it until its time")] : time
    }

    private var unseenText: String {
        "no worker and no result store has it; RabbitMQ cannot be asked what waits in its queues, so it may wait there, or never have been sent"
    }

    /// What becomes of it when a worker comes to it.
    var revoked: [Explanation.Cause] {
        guard let revocation = facts.revocation else { return [] }
        return [
            Cause(
                "revoked",
                "it was revoked at \(LocalTime.text(revocation.issued)), and is dropped when a worker comes to it before \(LocalTime.text(revocation.until))")
        ]
    }

    // MARK: Its time

    private var time: [Explanation.Cause] {
        let retries = facts.location?.retries ?? facts.result?.retries ?? 0
        let isRetry = facts.result?.state == .retry || retries > 0
        // A retry that cannot be seen waits, for all that is known.
        guard facts.eta.map({ $0 > facts.now }) ?? (facts.location == nil && isRetry) else { return [] }
        let end = facts.eta.map { "until \(LocalTime.text($0)) (in \(DurationWords.fine(($0 - facts.now).inSeconds)))" }
        guard isRetry else { return [Cause("eta", "it is not to begin before \(end.map { String($0.dropFirst(6)) } ?? "its time")")] }
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
        return [Cause("paused", "queue \(queue.forLog) is paused since \(LocalTime.text(pause.since))\(who)\(end)\(why)")]
    }

    private var consumers: [Explanation.Cause] {
        guard let workers = facts.workers else { return [] }
        if workers.isEmpty {
            // A queue tells of consumers that did not answer in time.
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
        return [Cause("unregistered", "no worker of queue \(queue) knows the task \(task.forLog)")]
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
                Cause("rate", "\(task.forLog) may begin once in \(DurationWords.fine(interval)), and not before \(LocalTime.text(next))")
            ]
        case .slot(let task, let key, let slots, let holders):
            let held = holders.map { id in worker(of: id).map { "\(id.text.forLog) on \($0.forLog)" } ?? id.text.forLog }
            let shown = held.prefix(5).joined(separator: ", ") + (held.count > 5 ? " and \(held.count - 5) more" : "")
            return [
                Cause(
                    "concurrency",
                    "\(slots == 1 ? "the one place" : "all \(slots) places") of \(task.forLog)\(Self.of(key)) \(slots == 1 ? "is" : "are") taken\(shown.isEmpty ? "" : ", by \(shown)")")
            ]
        case .turn(let task, let key):
            return [Cause("turn", "others of \(task.forLog)\(Self.of(key)) came first, and begin before it")]
        }
    }

    private static func of(_ key: String) -> String { key.isEmpty ? "" : " with key \(key.forLog)" }

    private func worker(of id: TaskID) -> String? {
        facts.workers?.first { worker in worker.running.contains { $0.id == id } }?.name
    }

    // MARK: Those before it

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
