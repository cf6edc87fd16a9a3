import CeleryCore

/// Replies of workers, formatted as text or JSON.
struct RemoteAnswers {
    let method: String
    let answers: WorkerAnswers
    /// Whether the value of a reply is shown, rather than only the fact that the worker replied.
    let showsValue: Bool

    /// Prints the replies in the style of Python's commands, and names the workers that did not answer.
    ///
    /// - Parameter namesWorkers: whether the workers were addressed by name, so that a silent one is an error.
    /// - Returns: the exit status.
    func print(_ context: CommandContext, command: String, location: String, namesWorkers: Bool) -> Int32 {
        let all = answers.answers.first ?? []
        for answer in all { context.output.record(object(answer), text: text(answer)) }
        for worker in answers.silent { context.output.error("celery \(command): worker \(worker.forLog) did not answer") }
        if all.isEmpty {
            if answers.silent.isEmpty { context.output.error("celery \(command): no worker answered on \(location)") }
            return ExitCode.unreachable
        }
        if namesWorkers && !answers.silent.isEmpty { return ExitCode.unreachable }
        return all.contains { Self.error(in: $0.value) != nil } && showsValue ? ExitCode.taskFailed : ExitCode.done
    }

    /// The error in a reply; `nil` if the method succeeded.
    private static func error(in value: JSON) -> JSON? {
        guard let members = value.objectValue, members.count == 1 else { return nil }
        return members["error"]
    }

    private func object(_ answer: WorkerAnswers.Answer) -> JSONObject {
        let worker = JSON.string(answer.worker)
        if let error = Self.error(in: answer.value), showsValue { return ["worker": worker, "method": .string(method), "error": error] }
        return ["worker": worker, "method": .string(method), "reply": showsValue ? answer.value : .null]
    }

    private func text(_ answer: WorkerAnswers.Answer) -> String {
        let name = answer.worker.inOneLine
        guard showsValue else { return "->  \(name): OK" }
        if let error = Self.error(in: answer.value) { return "->  \(name): ERROR\n" + Self.indented(error.displayText) }
        var value = answer.value
        if let members = value.objectValue, members.count == 1, let ok = members["ok"] { value = ok }
        return "->  \(name): OK\n" + Self.indented(Self.pretty(value))
    }

    /// A list as bullet points, an object as indented JSON.
    private static func pretty(_ value: JSON) -> String {
        switch value {
        case .array(let elements):
            if elements.isEmpty { return "- empty -" }
            return elements.map { "* " + ($0.stringValue ?? $0.text(style: .python)) }.joined(separator: "\n")
        case .object(let object): return PrettyJSON.text(.object(object))
        case .null: return "-"
        default: return value.displayText
        }
    }

    private static func indented(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false)
            .map { $0.isEmpty ? "" : "    \($0)" }.joined(separator: "\n")
    }
}
