import Testing

/// A trace goes with tasks, to the programs and to the tasks that these submit.
@Suite(.blocking) struct TraceTests {
    private let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

    @Test func `a program and its children are in the trace of the message`() throws {
        let project = try Project()
        try project.task("show.sh", "#!/bin/sh\nprintf '%s %s' \"${TRACEPARENT-none}\" \"${TRACESTATE-none}\"\n")
        try project.task("send.sh", "#!/bin/sh\nexec celery apply demo.tasks.show --task-id child -q\n")
        // What the worker inherits is not the trace of its tasks.
        try project.startWorker(with: ["TRACEPARENT": parent, "TRACESTATE": "worker=1"])
        #expect(try project.run("celery apply demo.tasks.show --wait").text == "none none")
        #expect(try project.run("celery apply demo.tasks.show --wait --header traceparent=\(parent) --header tracestate=a=1").text == "\(parent) a=1")
        _ = try project.run("celery apply demo.tasks.send --wait", with: ["TRACEPARENT": parent]).text
        #expect(try project.run("celery result child --wait --timeout 30").text == "\(parent) none")
        try project.stopWorker()
    }
}
