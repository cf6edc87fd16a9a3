import CeleryCore

/// Hides values in the answers of workers, which may be Python's or have other settings.
struct AnswerRedaction {
    private let method: String
    private let redaction: Redaction

    /// Methods whose answers describe tasks.
    private static let tellingOfTasks: Set = ["active", "reserved", "scheduled", "query_task"]

    init(method: String, _ redaction: Redaction) { (self.method, self.redaction) = (method, redaction) }

    func applied(to answers: WorkerAnswers) -> WorkerAnswers {
        var answers = answers
        for request in answers.answers.indices {
            for index in answers.answers[request].indices {
                answers.answers[request][index].value = shown(answers.answers[request][index].value)
            }
        }
        return answers
    }

    private func shown(_ value: JSON) -> JSON {
        if method == "conf" { return withShownSettings(value) }
        // Elsewhere, a name such as app.reset_password stands for a task, and its value is a count.
        return Self.tellingOfTasks.contains(method) ? withShownArguments(value) : value
    }

    /// Workers hide some values themselves, as `********`, and the passwords of URLs.
    private func withShownSettings(_ value: JSON) -> JSON {
        guard case .object(let object) = withShownArguments(value) else { return value }
        return .object(
            JSONObject(distinct: object.members.map { member in
                let isHidden = member.value.stringValue.map { !$0.isEmpty && $0.allSatisfy { $0 == "*" } } ?? member.value.isNull
                if redaction.hides(member.key), !isHidden { return (member.key, .string(Redaction.mark)) }
                return (member.key, withShownSettings(member.value))
            }))
    }

    private func withShownArguments(_ value: JSON) -> JSON {
        switch value {
        case .array(let elements): .array(elements.map(withShownArguments))
        case .object(let object):
            .object(
                JSONObject(distinct: object.members.map { member in
                    guard ["args", "kwargs"].contains(member.key) else { return (member.key, withShownArguments(member.value)) }
                    return (member.key, redaction.leavesOutArguments ? .null : redaction.applied(to: member.value))
                }))
        default: value
        }
    }
}
