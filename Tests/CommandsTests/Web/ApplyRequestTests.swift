import CeleryCore
import Testing

@testable import Commands
@testable import WebServer

/// What a submission by HTTP asks for.
@Suite struct ApplyRequestTests {
    private func read(_ body: String, _ type: String) throws -> ApplyRequest {
        try ApplyRequest(
            WebRequest(
                "POST", WebTarget(parsing: "/celery/apply/shop.sell/"), headers: [WebField("content-type", type)], body: Array(body.utf8)))
    }

    @Test(arguments: [
        "application/x-www-form-urlencoded", "Application/X-WWW-Form-URLEncoded", "application/x-www-form-urlencoded ; charset=utf-8",
    ])
    func `all fields of a form are keyword arguments`(type: String) throws {
        let request = try read("a=1&_token=x+y", type)
        #expect(request.kwargs["a"] == "1" && request.kwargs["_token"] == "x y")
    }

    @Test func `bodies that differ have digests that differ`() throws {
        let one = try read(#"{"args": [1]}"#, "application/json").digest
        #expect(try read(#"{"args": [1]}"#, "Application/JSON; charset=utf-8").digest == one)
        #expect(try read(#"{"args": [2]}"#, "application/json").digest != one)
    }

    @Test func `a key belongs to a token and a task`() {
        func id(_ key: String, _ task: String, _ secret: UInt8) -> TaskID {
            ApplyRoutes.id(of: key, task, SubmissionRight(patterns: [], secret: [secret]))
        }
        #expect(id("k", "a", 1) == id("k", "a", 1))
        #expect(Set([id("k", "a", 1), id("l", "a", 1), id("k", "b", 1), id("k", "a", 2)]).count == 4)
    }
}
