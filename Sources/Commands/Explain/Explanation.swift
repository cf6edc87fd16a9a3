import Beat
import CeleryCore
import Wire

/// Explains the state of a task. A pure function of `TaskFacts`.
struct Explanation: Sendable, Equatable {
    let id: TaskID
    let task: String?
    let verdict: Verdict
    /// The decisive cause first.
    let causes: [Cause]
    /// Further information, in display order.
    let details: [Detail]

    /// What has become of the task.
    enum Verdict: String, Sendable {
        case waiting, running, succeeded, failed, revoked, unknown
        /// A dead letter.
        case dead
        /// The task may be waiting in a queue that cannot be searched.
        case unseen
    }

    /// A reason: a keyword for programs and a text for people.
    struct Cause: Sendable, Equatable {
        var kind: String
        var text: String

        init(_ kind: String, _ text: String) { (self.kind, self.text) = (kind, text) }
    }

    /// A labelled line below the verdict.
    struct Detail: Sendable, Equatable {
        var label: String
        var text: String

        init(_ label: String, _ text: String) { (self.label, self.text) = (label, text) }
    }

    init(_ facts: TaskFacts) {
        id = facts.id
        task = facts.task
        (verdict, causes) = Self.judge(facts)
        details = Self.details(facts, verdict, causes)
    }

    private static func judge(_ facts: TaskFacts) -> (Verdict, [Cause]) {
        if let result = facts.result, result.state.isReady {
            // A dead letter whose task has succeeded since is of no interest.
            if result.state == .success { return (.succeeded, []) }
            if let letter = facts.letter { return (.dead, [DeathCause.cause(letter)]) }
            return (result.state == .failure ? .failed : .revoked, EndingCause.causes(result))
        }
        if let location = facts.location {
            return location.state == .started ? held(facts) : (.waiting, WaitingCauses(facts).all)
        }
        if facts.hold != nil { return held(facts) }
        if let letter = facts.letter { return (.dead, [DeathCause.cause(letter)]) }
        if let ending = toldEnding(facts) { return ending }
        return unheld(facts)
    }

    /// The verdict on an unfinished task that no reachable worker has.
    private static func unheld(_ facts: TaskFacts) -> (Verdict, [Cause]) {
        if facts.brokerTells {
            let revoked = WaitingCauses(facts).revoked
            if !revoked.isEmpty { return (.unknown, [Cause("unknown", "neither the broker nor the result store knows it")] + revoked) }
            let text = facts.isKnown ? "the task is known, but the broker no longer has it" : "neither the broker nor the result store knows it"
            return (.unknown, [Cause(facts.isKnown ? "gone" : "unknown", text)])
        }
        switch facts.result?.state {
        case .retry: return (.waiting, WaitingCauses(facts).all)
        case .started, .received, .custom:
            let worker = facts.result?.worker.map { " on \($0.forLog)" } ?? ""
            return (.running, [Cause("unanswered", "it began\(worker) and has not ended; no worker reports it now")])
        default: return (.unseen, WaitingCauses(facts).unseen)
        }
    }

    /// The verdict on a task that a worker has.
    private static func held(_ facts: TaskFacts) -> (Verdict, [Cause]) {
        guard let worker = facts.hold?.worker ?? facts.location?.worker else {
            return (.running, [Cause("silent", "a worker that does not answer has the task; if that worker is lost, the broker delivers the message again")])
        }
        let name = worker.forLog
        switch facts.hold?.place {
        case "scheduled": return (.waiting, WaitingCauses(facts).kept(by: name))
        case "reserved":
            let limit = WaitingCauses(facts).limit
            return (.waiting, limit.isEmpty ? [Cause("busy", "worker \(name) has it, and all its children are busy")] : limit)
        default: break
        }
        if facts.hold == nil, !facts.isSilent, let workers = facts.workers, !workers.contains(where: { $0.name == worker }) {
            return (.waiting, [Cause("lost_worker", "worker \(name) had it and is gone; another worker will requeue it")])
        }
        let began = (facts.hold?.began ?? facts.location?.started).map {
            " since \(LocalTime.text($0)) (\(DurationWords.fine((facts.now - $0).inSeconds)))"
        } ?? ""
        let silent = facts.isSilent ? [Cause("silent", "worker \(name) does not answer now")] : []
        return (.running, [Cause("running", "on \(name)\(began)")] + silent)
    }

    /// The ending according to events, for a task whose result is ignored or stored elsewhere.
    private static func toldEnding(_ facts: TaskFacts) -> (Verdict, [Cause])? {
        guard let last = facts.events.last(where: { $0.isOfTask }) else { return nil }
        let exception = last.details["exception"]?.stringValue?.forLog ?? "of an unknown error"
        return switch last.type {
        case "task-succeeded": (.succeeded, [])
        case "task-failed": (.failed, [Cause("error", exception)])
        case "task-revoked":
            (.revoked, [last.details["expired"] == true ? Cause("expired", "it expired before it ran") : Cause("revoked", "it was revoked")])
        default: nil
        }
    }
}
