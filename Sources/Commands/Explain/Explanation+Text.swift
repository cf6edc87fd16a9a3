import Arguments
import CeleryCore
import Wire

extension Explanation {
    private static let labelWidth = 11

    /// The verdict, then the details, one per line.
    var text: String {
        let name = task.flatMap { $0.isEmpty ? nil : " \($0.forLog)" } ?? ""
        let cause = causes.first.map { ($0.kind == "running" ? " " : ": ") + $0.text } ?? ""
        return (["\(id.text.forLog)\(name) \(verdictText)\(cause)"]
            + details.map { detail in
                let label = detail.label + ":"
                return "  " + label + String(repeating: " ", count: max(1, Self.labelWidth + 1 - label.count)) + detail.text
            }).joined(separator: "\n")
    }

    private var verdictText: String {
        switch verdict {
        case .waiting: "is waiting"
        case .running: "is running"
        case .succeeded: "has succeeded"
        case .failed: "has failed"
        case .revoked: "was withdrawn"
        case .dead: "is a dead letter"
        case .unknown: "is not known"
        case .unseen: "cannot be seen"
        }
    }

    /// The keys of `object`.
    static let keys = [
        OutputKey("id, task, queue", "The task and its queue; null if unknown."),
        OutputKey("verdict", "waiting, running, succeeded, failed, revoked, dead, unseen or unknown."),
        OutputKey(
            "causes",
            "Objects with kind and text, the decisive one first. The kind of a waiting task is revoked, expired, after, eta, retry, limit, paused, no_worker, no_consumer, silent, unregistered, rate, concurrency, turn, behind, busy, lost_worker or due; of an unsuccessful task exit_status, signal, memory, time_limit, lost, unregistered, expired, revoked, terminated, dead or error; otherwise running, unanswered, unseen, gone or unknown."
        ),
        OutputKey("command", "The command of a task sent by celery run; null if unknown."),
        OutputKey("ahead", "The number of messages ahead in the queue; null if unknown."),
        OutputKey("worker", "The worker that has the task, or had it last."),
        OutputKey("submitted, eta, expires, began, ended", "Times, in ISO 8601."),
        OutputKey("waited", "Seconds from submission to the start of the first attempt."),
        OutputKey("attempts", "Objects with attempt, worker, began, ended, state and reason, one for each known attempt."),
        OutputKey("stderr", "The end of the task's stderr output."),
        OutputKey("stdout", "The end of the stdout output of a program that did not succeed."),
        OutputKey("parent, group, children", "The task that sent this one, its group, and an array of objects with id and state for the tasks it sent."),
        OutputKey("dead", "For a dead letter, an object with reason, error, buried, attempts and crashes; else null."),
    ]

    /// The explanation as a JSON object.
    func object(_ facts: TaskFacts) -> JSONObject {
        func text(_ value: String?) -> JSON { value.map(JSON.string) ?? .null }
        func time(_ value: Timestamp?) -> JSON { value.map { .string(ISO8601.text($0)) } ?? .null }
        func number(_ value: Int?) -> JSON { value.map { .int(Int64($0)) } ?? .null }
        let attempts = facts.attempts
        let first = attempts.first { $0.number == 1 }?.began
        let waited = first.flatMap { began in facts.submitted.map { max(0, (began - $0).inSeconds) } }
        return [
            "id": .string(id.text), "task": text(task), "queue": text(facts.queue), "verdict": .string(verdict.rawValue),
            "causes": .array(causes.map { ["kind": .string($0.kind), "text": .string($0.text)] }),
            "command": text(CommandTitle.of(facts.standing?.message, facts.redaction)),
            "ahead": number(facts.standing?.ahead),
            "worker": text(facts.hold?.worker ?? facts.location?.worker ?? facts.result?.worker),
            "submitted": time(facts.submitted), "eta": time(facts.eta), "expires": time(facts.standing?.message?.expires),
            "began": time(facts.began), "ended": time(facts.result?.dateDone), "waited": waited.map { .double($0) } ?? .null,
            "attempts": .array(attempts.map(\.json)), "stderr": text(facts.result?.errorOutput),
            "stdout": text(facts.result?.standardOutput), "parent": text(facts.parent?.text),
            "group": text(facts.group),
            "children": .array(facts.children.map { ["id": .string($0.text), "state": text(facts.states[$0]?.name)] }),
            "dead": facts.letter.map {
                [
                    "reason": .string($0.burial.reason.name), "error": .string($0.burial.error), "buried": time($0.burial.date),
                    "attempts": .int(Int64($0.burial.attempts)), "crashes": .int(Int64($0.burial.crashes)),
                ]
            } ?? .null,
        ]
    }
}
