import Beat
import CeleryCore
import Wire

/// Why a task is where it is: the judgement, from facts alone.
struct Explanation: Sendable, Equatable {
    let id: TaskID
    let task: String?
    let verdict: Verdict
    /// The one that counts first.
    let causes: [Cause]
    /// What there is to know beside it, in the order in which it is shown.
    let details: [Detail]

    /// What has become of the task.
    enum Verdict: String, Sendable {
        case waiting, running, succeeded, failed, revoked, unknown
        /// Given up, and kept.
        case dead
        /// It may wait where nobody can look.
        case unseen
    }

    /// A reason: a word for programs, and what is said to people.
    struct Cause: Sendable, Equatable {
        var kind: String
        var text: String

        init(_ kind: String, _ text: String) { (self.kind, self.text) = (kind, text) }
    }

    /// A line below the first.
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
            // One that was sent again, and has succeeded since, is no dead letter to anybody.
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

    /// Nobody has it that could be asked, and it has not ended.
    private static func unheld(_ facts: TaskFacts) -> (Verdict, [Cause]) {
        if facts.brokerTells {
            let revoked = WaitingCauses(facts).revoked
            if !revoked.isEmpty { return (.unknown, [Cause("unknown", "neither the broker nor the result store knows it")] + revoked) }
            let text = facts.isKnown ? "it was heard of, and the broker has it no more" : "neither the broker nor the result store knows it"
            return (.unknown, [Cause(facts.isKnown ? "gone" : "unknown", text)])
        }
        switch facts.result?.state {
        case .retry: return (.waiting, WaitingCauses(facts).all)
        case .started, .received:
            let worker = facts.result?.worker.map { " on \($0.forLog)" } ?? ""
            return (.running, [Cause("unanswered", "it began\(worker) and has not ended; no worker says now that it has it")])
        default: return (.unseen, WaitingCauses(facts).unseen)
        }
    }

    /// A worker has it.
    private static func held(_ facts: TaskFacts) -> (Verdict, [Cause]) {
        guard let worker = facts.hold?.worker ?? facts.location?.worker else { return (.running, []) }
        let name = worker.forLog
        switch facts.hold?.place {
        case "scheduled": return (.waiting, WaitingCauses(facts).kept(by: name))
        case "reserved":
            let limit = WaitingCauses(facts).limit
            return (.waiting, limit.isEmpty ? [Cause("busy", "worker \(name) has it, and all its children are busy")] : limit)
        default: break
        }
        if facts.hold == nil, let workers = facts.workers, !workers.contains(where: { $0.name == worker }) {
            return (.waiting, [Cause("lost_worker", "worker \(name) had it and is gone; the next worker that looks puts it back")])
        }
        let began = (facts.hold?.began ?? facts.location?.started).map {
            " since \(LocalTime.text($0)) (\(DurationWords.fine((facts.now - $0).inSeconds)))"
        } ?? ""
        let silent = facts.isSilent ? [Cause("silent", "worker \(name) does not answer now")] : []
        return (.running, [Cause("running", "on \(name)\(began)")] + silent)
    }

    /// What events say of the end of a task whose result is not kept, or is kept elsewhere.
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
