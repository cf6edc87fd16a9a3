import CeleryCore
import Testing

@testable import RabbitMQ

@Suite struct QueueMarkTests {
    /// Whether a message with this mark in queue `a` is dropped.
    private func isStray(_ mark: JSON?) -> Bool {
        var headers: JSONObject = ["task": "t"]
        headers[QueueMark.name] = mark
        let isStray = QueueMark.take(from: &headers, of: "a")
        #expect(headers == ["task": "t"])
        return isStray
    }

    @Test func `a copy of a message of a queue whose name begins alike is dropped`() {
        #expect(isStray("a.b"))
    }

    @Test func `what bears the mark of any other queue, or none, is kept`() {
        for mark: JSON? in [nil, "a", "b", "b.a", "", 7, ["a.b"]] { #expect(!isStray(mark), "\(String(describing: mark))") }
    }

    @Test func `a message by an exchange gets no mark`() {
        let headers: JSONObject = ["task": "t"]
        #expect(QueueMark.write(WireMessage(exchange: "e", routingKey: "a", body: []), in: headers) == headers)
        #expect(QueueMark.write(WireMessage(exchange: "", routingKey: "a", body: []), in: headers)[QueueMark.name] == "a")
    }
}
