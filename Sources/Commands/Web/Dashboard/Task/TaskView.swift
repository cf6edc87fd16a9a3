import Beat
import CeleryCore
import WebServer

/// The page of a task, from what is known of it.
struct TaskView {
    let report: TaskReport
    let settings: Settings
    let now: Timestamp

    private var facts: TaskFacts { report.facts }
    private var result: TaskResult? { facts.result }

    /// Its state and its times.
    var top: HTML {
        var fields: [(String, HTML)] = [("Id", Shown.code(facts.id.text)), ("State", Shown.state(report.state))]
        fields.append(("Queue", Shown.queue(facts.queue)))
        fields.append(("Worker", HTML((facts.hold?.worker ?? facts.location?.worker ?? result?.worker)?.forLog ?? "-")))
        fields.append(("Submitted", Shown.time(facts.submitted, now)))
        if let eta = facts.eta { fields.append(("Not before", Shown.time(eta, now))) }
        if let expires = report.request.value?.expires { fields.append(("Expires", Shown.time(expires, now))) }
        let ended = result?.state.isReady == true ? result?.dateDone : nil
        if let ended { fields.append(("Ended", Shown.time(ended, now))) }
        fields.append(("Retries", "\(facts.location?.retries ?? result?.retries ?? 0)"))
        return "\(Shown.list(fields))\(progress)"
    }

    private var progress: HTML {
        guard report.explanation.verdict == .running, let progress = result.flatMap({ TaskProgress($0) }) else { return "" }
        guard let fraction = progress.fraction else { return "<p>\(progress.line)</p>" }
        return "<p><label>Progress <progress max=\"100\" value=\"\(Int(fraction * 100))\"></progress></label> \(progress.line)</p>"
    }

    /// Why, when, with what, and what came of it.
    var rest: HTML {
        let warnings = report.warnings.map { Shown.missing($0.forLog) }
        let own = HTML("\(facts.task?.forLog ?? facts.id.text) (this task)")
        let parts: [HTML] = [
            Shown.section("Why", why), Shown.section("Timeline", timeline), Shown.section("Arguments", arguments),
            Shown.section("Result", outcome), Shown.section("Output", output),
            Shown.section("Parents and children", report.family.isEmpty ? "<p class=\"muted\">None is known.</p>" : report.family.html(own)),
        ]
        return "\(warnings)\(parts)"
    }

    /// What `celery explain` says.
    private var why: HTML {
        let explanation = report.explanation
        let lines = explanation.text.split(separator: "\n", omittingEmptySubsequences: false)
        let dead: HTML? = facts.letter.map { "<p><a href=\"\(PagePath("dead", $0.key))\">Its dead letter</a></p>" }
        let details = lines.dropFirst().joined(separator: "\n")
        return """
            <p>\(lines.first.map(String.init) ?? "")</p>\(dead)
            <details><summary>All that is known</summary><pre tabindex="0">\(details)</pre></details>
            \(ShellLine.html(ShellLine.of("celery", "explain", facts.id.text)))
            """
    }

    private var timeline: HTML {
        let attempts = facts.attempts
        var sheet = Sheet(
            caption: "Attempts", headings: ["Attempt", "Worker", "Waited", "Began", "Took", "Ended as", "Reason"], numbers: [2, 4],
            empty: "No attempt is known.")
        var before = facts.submitted
        for attempt in attempts {
            let waited = attempt.began.flatMap { began in before.map { max(0, (began - $0).inSeconds) } }
            let end = attempt.ended ?? (attempt.state == nil ? now : nil)
            let took = attempt.began.flatMap { began in end.map { max(0, ($0 - began).inSeconds) } }
            sheet.rows.append([
                "\(attempt.number)", HTML(attempt.worker?.forLog ?? "-"), HTML(waited.map(DurationWords.fine) ?? "-"),
                Shown.time(attempt.began, now), HTML(took.map(DurationWords.fine) ?? "-"),
                attempt.state.map { Shown.state($0.name) } ?? "<span class=\"muted\">not ended</span>", HTML(attempt.reason?.forLog ?? ""),
            ])
            before = attempt.ended
        }
        let first = attempts.first?.number ?? 1
        let note: HTML? = first > 1 ? Shown.missing("Earlier attempts are known only from stored events (celeryd -E)") : nil
        return "\(sheet.html)\(note)"
    }

    private var arguments: HTML {
        switch report.arguments(settings.redaction) {
        case .not(let reason): return Shown.missing(reason)
        case .told(let shown):
            let call = ShellLine.html("celery apply \(facts.task.map(ShellWord.quoted) ?? "TASK") \(words(shown))")
            return "\(Shown.text(PrettyJSON.text(["args": .array(shown.args), "kwargs": .object(shown.kwargs)])))\(call)"
        }
    }

    /// Values are redacted already.
    private func words(_ shown: (args: [JSON], kwargs: JSONObject)) -> String {
        CallText(Redaction([])).words(TaskArguments(args: shown.args, kwargs: shown.kwargs))
    }

    private var outcome: HTML {
        if settings.web.hidesResults { return Shown.missing("Results are hidden here (CELERY_WEB_HIDE_RESULTS)") }
        guard let result, result.state.isReady || result.state == .retry else { return Shown.missing("There is none yet, or none is stored") }
        guard let failure = result.failure else {
            let text = result.value.stringValue ?? PrettyJSON.text(result.value)
            return "\(Shown.text(text))\(ShellLine.html(ShellLine.of("celery", "result", facts.id.text)))"
        }
        let traceback = result.traceback.map { Shown.text($0) }
        return "<p>\(failure.message.isEmpty ? failure.type : "\(failure.type): \(failure.message)")</p>\(traceback)"
    }

    private var output: HTML {
        let command = ShellLine.html(ShellLine.of("celery", "logs", facts.id.text))
        guard let outputs = report.outputs.value else {
            if case .not(let reason) = report.outputs { return Shown.missing(reason) }
            return ""
        }
        if outputs.isEmpty { return "<p class=\"muted\">It has written nothing, or nothing of it is kept.</p>\(command)" }
        let parts = outputs.map { kept -> HTML in
            let heading: HTML? = outputs.count > 1 || kept.attempt > 1 ? "<h3>Attempt \(kept.attempt)</h3>" : nil
            guard let content = TaskOutput(decoding: kept.content) else { return "\(heading)\(Shown.missing("What it wrote cannot be read"))" }
            return "\(heading)\(Shown.text(Self.text(content)))"
        }
        return "\(parts)\(command)"
    }

    /// Both streams, in the order in which they were written.
    private static func text(_ output: TaskOutput) -> String {
        output.pieces.map { piece in
            switch piece {
            case .bytes(_, let bytes): String(decoding: bytes, as: UTF8.self)
            case .gap(let stream, let count): "\n[\(count) bytes of \(stream.name) were not kept]\n"
            }
        }.joined()
    }
}
