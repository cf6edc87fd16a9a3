import Beat
import CeleryCore

extension Explanation {
    private static let longestTail = 5

    static func details(_ facts: TaskFacts, _ verdict: Verdict, _ causes: [Cause]) -> [Detail] {
        var details = causes.dropFirst().map { Detail("also", $0.text) }
        details += advice(facts, verdict)
        if let command = CommandTitle.of(facts.standing?.message, facts.redaction) { details.append(Detail("command", command)) }
        if let queue = facts.queue {
            details.append(Detail("queue", queue.forLog + (facts.count.map { " (\(text($0)))" } ?? "")))
        } else if verdict == .unseen {
            details += facts.counts.map { Detail("queue", "\($0.name.forLog) (\(text($0)))") }
        }
        if let hold = facts.hold { details.append(Detail("worker", "\(hold.worker.forLog) (\(hold.place.forLog))")) }
        details += times(facts, verdict)
        if verdict == .running, let progress = facts.result.flatMap({ TaskProgress($0) }) {
            details.append(Detail("progress", progress.line.forLog))
        }
        details += errors(facts, verdict)
        let attempts = facts.attempts
        for attempt in attempts { details.append(Detail("attempt \(attempt.number)", attempt.text)) }
        let result = facts.result.map { $0.state == .revoked && $0.dateStarted == nil ? $0.attempt - 1 : $0.attempt }
        let known = facts.standing?.attempts ?? result ?? 0
        if known > attempts.count, verdict != .unknown, attempts.first.map({ $0.number > 1 }) ?? (known > 0) {
            let rest = known - attempts.count
            details.append(Detail("attempts", "\(known); of \(rest == 1 ? "one" : "\(rest)") no event is kept"))
        }
        if let crashes = facts.standing?.crashes, crashes > 0 {
            details.append(Detail("crashes", "\(WaitingCauses.number(crashes, "attempt")) lost the process"))
        }
        return details + family(facts)
    }

    private static func advice(_ facts: TaskFacts, _ verdict: Verdict) -> [Detail] {
        guard verdict == .dead, let letter = facts.letter else { return [] }
        return [
            Detail("error", letter.burial.error.forLog),
            Detail("do", "celery dead replay \(ShellWord.quoted(letter.key)) sends it again, celery dead show \(ShellWord.quoted(letter.key)) shows it"),
        ]
    }

    private static func text(_ count: QueueCount) -> String {
        if count.trouble != nil { return "cannot be counted" }
        return "\(count.ready) ready, \(WaitingCauses.number(count.consumers, "consumer"))"
    }

    private static func times(_ facts: TaskFacts, _ verdict: Verdict) -> [Detail] {
        var details: [Detail] = []
        if let submitted = facts.submitted, verdict != .unknown { details.append(Detail("submitted", at(submitted, facts.now))) }
        if let eta = facts.eta, verdict != .waiting { details.append(Detail("eta", LocalTime.text(eta))) }
        if let expires = facts.standing?.message?.expires { details.append(Detail("expires", LocalTime.text(expires))) }
        let began = facts.began ?? (verdict == .running ? facts.hold?.began ?? facts.location?.started : nil)
        if let began { details.append(Detail("began", LocalTime.text(began) + wait(facts, until: began))) }
        if let done = facts.result?.dateDone, facts.result?.state.isReady == true, facts.location == nil {
            details.append(Detail("ended", at(done, facts.now)))
        }
        return details
    }

    /// How long the task waited before it began, and how much of that was until its ETA.
    private static func wait(_ facts: TaskFacts, until began: Timestamp) -> String {
        guard let submitted = facts.submitted, began > submitted else { return "" }
        // If earlier attempts are unknown, this beginning does not end the first wait.
        guard facts.attempts.first.map({ $0.number == 1 }) ?? true else { return "" }
        let whole = (began - submitted).inSeconds
        guard let eta = facts.eta, eta > submitted, eta <= began, facts.attempts.count <= 1 else {
            return ", after waiting \(DurationWords.fine(whole))"
        }
        let wanted = (eta - submitted).inSeconds
        return ", after waiting \(DurationWords.fine(whole)): \(DurationWords.fine(wanted)) for its ETA, then \(DurationWords.fine(whole - wanted))"
    }

    private static func at(_ time: Timestamp, _ now: Timestamp) -> String {
        "\(LocalTime.text(time)) (\(DurationWords.fine((now - time).inSeconds)) ago)"
    }

    /// The last lines that the task wrote to stderr, or else of its traceback; and those that a failed program wrote to stdout.
    private static func errors(_ facts: TaskFacts, _ verdict: Verdict) -> [Detail] {
        guard [.failed, .dead, .revoked, .waiting].contains(verdict), let result = facts.result else { return [] }
        let (label, text) = result.errorOutput.map { ("stderr", $0) } ?? ("traceback", result.traceback ?? "")
        func tail(_ label: String, _ text: String) -> [Detail] {
            text.split(whereSeparator: \.isNewline).suffix(longestTail).map { Detail(label, String($0).forLog) }
        }
        return tail(label, text) + tail("stdout", result.standardOutput ?? "")
    }

    private static func family(_ facts: TaskFacts) -> [Detail] {
        func named(_ id: TaskID) -> String { id.text.forLog + (facts.states[id].map { " \($0.name)" } ?? "") }
        var details: [Detail] = []
        if let parent = facts.parent { details.append(Detail("parent", named(parent))) }
        if let group = facts.group { details.append(Detail("group", group.forLog)) }
        return details + facts.children.prefix(20).map { Detail("child", named($0)) }
    }
}
