import CeleryCore
import Testing
import Wire

@Suite struct ResultDocumentTests {
    private func read(_ text: String) throws -> TaskResult { try ResultDocument(parsing: Array(text.utf8)).result }

    @Test func `writes the extended keys only when asked`() {
        var result = TaskResult(id: TaskID("i"), state: .success, value: 5)
        result.task = "add"
        result.worker = "w@h"
        result.queue = "celery"
        result.groupID = "g"
        result.parentID = TaskID("p")
        result.dateDone = Timestamp(seconds: 0)
        let document = ResultDocument(result, args: [2, 3], kwargs: [:])
        #expect(
            document.json().text(style: .python)
                == #"{"status": "SUCCESS", "result": 5, "traceback": null, "children": [], "date_done": "1970-01-01T00:00:00+00:00", "group_id": "g", "parent_id": "p", "task_id": "i"}"#)
        #expect(
            document.json(extended: true).objectValue?.keys == [
                "status", "result", "traceback", "children", "date_done", "group_id", "parent_id", "name", "args",
                "kwargs", "worker", "retries", "queue", "task_id",
            ])
    }

    @Test func `always writes the three parts of an exception`() {
        let bare = TaskResult(id: TaskID("i"), state: .failure)
        #expect(ResultDocument.value(of: bare) == ["exc_type": "Exception", "exc_message": [], "exc_module": "builtins"])
        let retry = TaskResult(id: TaskID("i"), state: .retry, failure: .retry(in: 3, because: "busy"))
        #expect(
            ResultDocument.value(of: retry) == [
                "exc_type": "Retry", "exc_message": ["Retry in 3s: busy"], "exc_module": "celery.exceptions",
            ])
    }

    @Test func `reads messages that are a text, a list or missing`() throws {
        func failure(_ members: String) throws -> TaskFailure? {
            try read(#"{"task_id":"i","status":"FAILURE","result":{"exc_type":"E"\#(members)}}"#).failure
        }
        #expect(try failure(#","exc_message":"why","exc_module":"m""#) == TaskFailure(type: "E", arguments: ["why"], module: "m"))
        #expect(try failure(#","exc_message":[1,"b"],"exc_module":"m""#) == TaskFailure(type: "E", arguments: [1, "b"], module: "m"))
        #expect(try failure("") == TaskFailure(type: "E", arguments: [], module: "celery.backends.base"))
    }

    @Test func `reads the least that Python accepts`() throws {
        let result = try read(#"{"task_id":"i","status":"SUCCESS","result":1}"#)
        #expect(result.value == 1)
        #expect(result.dateDone == nil)
        #expect(try read(#"{"task_id":"i","status":"FAILURE","result":null}"#).failure == nil)
        #expect(try read(#"{"task_id":"i","status":"FAILURE","result":"text"}"#).failure
            == TaskFailure(type: "Exception", arguments: ["text"], module: "builtins"))
        #expect(try read(#"{"task_id":"i","status":"SUCCESS","result":1,"children":null}"#).children == [])
        #expect(try ResultDocument(["status": "STARTED"], id: TaskID("x")).result.id == TaskID("x"))
    }

    @Test func `reads dates without an offset as UTC`() throws {
        let result = try read(#"{"task_id":"i","status":"SUCCESS","date_done":"2020-01-01T00:00:00.5"}"#)
        #expect(result.dateDone == Timestamp(seconds: 1_577_836_800.5))
    }

    @Test(arguments: ["", "[]", "{}", #"{"status":"SUCCESS"}"#, #"{"task_id":"i"}"#, #"{"task_id":1,"status":2}"#])
    func `refuses what is no result`(text: String) {
        do throws(MalformedMessage) {
            _ = try ResultDocument(parsing: Array(text.utf8))
            Issue.record("accepted")
        } catch {
            #expect(error.reason == .notAResult)
        }
    }
}
