import CeleryCore
import Testing

@testable import Client
@testable import Commands

/// The status URL's document.
@Suite struct StatusDocumentTests {
    private func text(_ result: TaskResult, hidesResults: Bool = false) -> String {
        StatusDocument(TaskStatus(id: result.id, result: result, location: nil, brokerKnows: true), hidesResults: hidesResults).json.text()
    }

    @Test func `a finished task has its result, in django-celery's form with added keys`() {
        let result = TaskResult(id: TaskID("9f"), state: .success, value: 5)
        #expect(text(result) == #"{"task":{"id":"9f","status":"SUCCESS","result":5,"attempt":1,"progress":null}}"#)
        let document = StatusDocument(TaskStatus(id: TaskID("9f"), result: result, location: nil, brokerKnows: true))
        #expect(document.isFinished && document.executed.text() == #"{"task":{"id":"9f","executed":true}}"#)
    }

    @Test func `a failed task has the exception in Python's form, its class and its traceback`() {
        var result = TaskResult(id: TaskID("9f"), state: .failure, failure: TaskFailure(type: "ValueError", arguments: ["kaput", 7], module: "builtins"))
        result.traceback = "Traceback"
        #expect(
            text(result)
                == #"{"task":{"id":"9f","status":"FAILURE","result":"ValueError('kaput', 7)","exc":"builtins.ValueError","traceback":"Traceback","attempt":1,"progress":null}}"#)
    }

    @Test func `an id that nobody knows is PENDING, as in Python`() {
        let document = StatusDocument(TaskStatusFixture.make(.unknown))
        #expect(!document.isKnown && document.json["task"]?["status"] == "PENDING" && document.json["task"]?["result"] == .null)
        #expect(document.executed["task"]?["executed"] == false)
        #expect(StatusDocument(TaskStatusFixture.make(.started)).isKnown)
    }

    @Test func `a running task tells its progress`() {
        let result = TaskResult(id: TaskID("9f"), state: TaskProgress.state, value: ["current": 3, "total": 10, "text": "reading ada.csv"])
        let document = StatusDocument(TaskStatus(id: result.id, result: result, location: nil, brokerKnows: true))
        #expect(document.json["task"]?["progress"]?["current"] == 3 && document.json["task"]?["status"] == "PROGRESS")
    }

    @Test func `hidden results leave out values, errors, tracebacks and texts`() {
        var failed = TaskResult(id: TaskID("9f"), state: .failure, failure: TaskFailure(type: "E", arguments: ["secret"], module: "m"))
        failed.traceback = "secret"
        let running = TaskResult(id: TaskID("9f"), state: TaskProgress.state, value: ["current": 3, "text": "secret", "total": "secret"])
        for result in [TaskResult(id: TaskID("9f"), state: .success, value: "secret"), failed, running] {
            #expect(!text(result, hidesResults: true).contains("secret"), "\(result.state)")
        }
    }

    @Test func `a value too long for a browser is told by its size`() {
        let long = TaskResult(id: TaskID("9f"), state: .success, value: .string(String(repeating: "x", count: StatusDocument.longestResult)))
        #expect(text(long).contains(#""result_bytes":1048578"#) && text(long).utf8.count < 200)
    }

    @Test(arguments: [
        ("0192-abc_D.9", true), ("", false), ("a/b", false), ("a b", false), ("é", false), (String(repeating: "a", count: 256), false),
    ])
    func `ids are letters, digits and a few marks`(text: String, isID: Bool) {
        #expect(StatusRoutes.isID(text) == isID)
    }
}
