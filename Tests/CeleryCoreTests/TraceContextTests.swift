import CeleryCore
import Testing

/// Traces that messages continue.
@Suite struct TraceContextTests {
    private let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

    private func message(_ headers: JSONObject) -> Message {
        var message = Message(task: "t", body: MessageBody(bytes: []))
        message.headers = headers
        return message
    }

    @Test func `the headers of a message become environment variables, and these the headers of another message`() throws {
        let trace = try #require(TraceContext(message(["traceparent": .string(parent), "tracestate": "a=1,b=2"])))
        let variables = TraceContext.variables(trace)
        #expect(variables.map(\.name) == ["TRACEPARENT", "TRACESTATE"] && variables.map(\.value) == [parent, "a=1,b=2"])
        let environment = Dictionary(uniqueKeysWithValues: variables.map { ($0.name, $0.value ?? "") })
        var child = message([:])
        TraceContext(environment: environment)?.write(to: &child)
        #expect(child.headers == ["traceparent": .string(parent), "tracestate": "a=1,b=2"])
    }

    @Test func `a message that names a trace keeps it`() {
        var child = message(["traceparent": "other"])
        TraceContext(traceparent: parent)?.write(to: &child)
        #expect(child.headers == ["traceparent": "other"])
    }

    @Test func `without a trace both variables are absent, whatever is inherited`() {
        #expect(TraceContext.variables(nil).map(\.value) == [nil, nil])
        #expect(TraceContext(environment: ["TRACESTATE": "a=1"]) == nil)
    }

    @Test(arguments: [
        "", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331", "00-0AF7651916CD43DD8448EB211C80319C-B7AD6B7169203331-01",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01", "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0\n", "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
    ])
    func `a traceparent in another form is not passed on`(text: String) { #expect(TraceContext(traceparent: text) == nil) }

    @Test(arguments: ["", "a", "a=1\r\nX: y", "a=\u{e9}", String(repeating: "a=1,", count: 200)])
    func `a tracestate in another form is left out`(text: String) throws {
        #expect(try #require(TraceContext(traceparent: parent, tracestate: text)).tracestate == nil)
    }
}
