import CeleryCore
import Testing

@testable import Commands

struct AnswerRedactionTests {
    private func shown(_ method: String, _ value: JSON, _ redaction: Redaction = Redaction()) -> JSON {
        var answers = WorkerAnswers(count: 1)
        answers.answers[0] = [WorkerAnswers.Answer(worker: "w", value: value)]
        return AnswerRedaction(method: method, redaction).applied(to: answers).answers[0][0].value
    }

    @Test func `hides secret arguments of tasks, as JSON or as Python's text, wherever the task stands`() {
        let task: JSON = ["id": "token-1", "args": ["--token=hush", 1], "kwargs": ["password": "hush"]]
        let hidden: JSON = ["id": "token-1", "args": ["--token=***", 1], "kwargs": ["password": "***"]]
        #expect(shown("active", [task]) == [hidden])
        #expect(shown("scheduled", [["eta": "x", "request": task]]) == [["eta": "x", "request": hidden]])
        #expect(shown("query_task", ["token-1": ["active", task]]) == ["token-1": ["active", hidden]])
        #expect(shown("active", [["args": "('--token=hush',)", "kwargs": "{'password': 'hush'}"]])
            == [["args": "('--token=***',)", "kwargs": "{'password': '***'}"]])
        #expect(shown("reserved", [task], Redaction(leavesOutArguments: true)) == [["id": "token-1", "args": nil, "kwargs": nil]])
    }

    @Test func `hides settings by name, and keeps what the worker has hidden`() {
        let settings: JSON = ["A_TOKEN": "hush", "B_SECRET": "********", "C_SECRET": nil, "URL": "amqp://u:********@h//", "beat": ["e": ["kwargs": ["token": 1]]]]
        let hidden: JSON = ["A_TOKEN": "***", "B_SECRET": "********", "C_SECRET": nil, "URL": "amqp://u:********@h//", "beat": ["e": ["kwargs": ["token": "***"]]]]
        #expect(shown("conf", settings) == hidden)
        #expect(shown("conf", ["PIN": 1], Redaction(["pin"])) == ["PIN": "***"])
    }

    @Test func `a name of a task that speaks of a secret hides no count`() {
        let stats: JSON = ["total": ["app.reset_password": 3]]
        #expect(shown("stats", stats) == stats)
        #expect(shown("registered", ["app.reset_password [rate_limit=1/s]"]) == ["app.reset_password [rate_limit=1/s]"])
    }
}
