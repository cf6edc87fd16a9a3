import CeleryCore
import Client
import Wire

/// Probes on their way, and what workers say about them.
struct ProbeRound: Sendable {
    let client: Client
    let asking: any WorkerAsking
    /// Whom to ask.
    let workers: [String]
    let deadline: ContinuousClock.Instant
    private(set) var ids: [TaskID] = []
    /// Who has consumed which probe.
    private(set) var seen: [TaskID: String] = [:]
    /// What workers said last.
    private(set) var words: [String: JSON] = [:]

    /// How often to ask, at first and at last.
    private static let pauses: (first: Duration, longest: Duration) = (.milliseconds(10), .milliseconds(500))
    /// Seconds for which the broker keeps a probe longer than we wait.
    private static let grace = 5.0

    init(_ client: Client, _ asking: any WorkerAsking, of workers: [String], within patience: Duration) {
        (self.client, self.asking, self.workers) = (client, asking, workers)
        deadline = .now + patience
    }

    /// Sends a probe to each of these queues. The same queue may get several.
    ///
    /// - Throws: `DriverError`.
    mutating func send(to queues: [String], within patience: Duration) async throws {
        let body = BodyCodec.encode(TaskArguments(args: [], kwargs: [:]))
        let expires = Timestamp.now + (patience + .seconds(Self.grace))
        let messages = queues.map { Probe.message(to: $0, body: body, expires: expires) }
        ids = messages.map(\.id)
        try await client.broker.publish(messages)
    }

    /// Asks until `isDone` or the deadline.
    mutating func follow(until isDone: (ProbeRound) -> Bool) async throws {
        var pause = Self.pauses.first
        while true {
            try await ask()
            if isDone(self) || .now >= deadline { return }
            try await Task.sleep(for: min(pause, max(.zero, deadline - .now)))
            pause = min(pause * 2, Self.pauses.longest)
        }
    }

    private mutating func ask() async throws {
        let request = ControlRequest(method: "probed", arguments: ["ids": .array(ids.map { .string($0.text) })])
        let limit = max(.milliseconds(200), deadline - .now)
        let answers = try await asking.ask([request], of: WorkerChoice(names: workers), within: limit)
        for answer in answers.answers[0] {
            words[answer.worker] = answer.value
            for id in answer.value["seen"]?.objectValue?.members.map(\.key) ?? [] where ids.contains(TaskID(id)) { seen[TaskID(id)] = answer.worker }
        }
    }

    /// Takes back the probes that nobody has consumed, where the broker can do that; elsewhere they expire.
    func withdraw() async {
        let rest = ids.filter { seen[$0] == nil }
        if !rest.isEmpty { _ = try? await (client.broker as? any MessageWithdrawing)?.withdraw(rest) }
    }

    /// Why a worker has consumed nothing, as a finding of `check`; `waiting` is what else may be the cause.
    func failure(of worker: String, in check: any DoctorCheck, what: String, waiting: Int = 0) -> Finding {
        guard let word = words[worker] else {
            return check.finding(.error, "no longer answers", hint: "see its log", worker: worker)
        }
        if word["stopping"] == true { return check.finding(.warning, "is stopping, and takes no more messages", worker: worker) }
        let jobs = word["jobs"]?.intValue ?? 0
        if word["full"] == true {
            return check.finding(
                .warning, "is busy with \(jobs) task\(jobs == 1 ? "" : "s"), and takes no message until one ends", hint: "celery status shows what it runs",
                worker: worker)
        }
        if waiting > 0 {
            return check.finding(
                .warning, "has not come to \(what): \(waiting) message\(waiting == 1 ? " waits" : "s wait") before it",
                hint: "more workers, or celery explain for one of the tasks", worker: worker)
        }
        return check.finding(.error, "answers, but does not consume \(what)", hint: "see its log, and restart it", worker: worker)
    }
}
