import Fixtures
import Testing

/// What can never be sent, beside what can.
@Suite(.blocking)
struct UnsendableTests {
    private func publish(_ place: RabbitMQPlace, _ id: String, embed: String) throws {
        let properties = #"{"content_type": "application/json", "content_encoding": "utf-8", "headers": {"task": "demo.tasks.add", "id": "\#(id)"}}"#
        try place.publish(properties, Array("[[2, 3], {}, {\(embed)}]".utf8))
    }

    private func step(_ id: String, _ options: String) -> String {
        #"{"task": "demo.tasks.add", "args": [1], "options": {"task_id": "\#(id)", \#(options)}}"#
    }

    @Test func `what follows a task and can never be sent fails, and holds up nothing`() throws {
        let place = try RabbitMQPlace()
        try place.server.api.expect("PUT", "queues/\(place.vhost)/odd", body: #"{"durable": false}"#)
        #expect(try place.run("celery celeryd --burst -q").status == 0)
        let reserved = #""queue": "amq.foo""#
        try publish(place, "a1", embed: #""callbacks": [\#(step("u1", reserved))]"#)
        try publish(place, "a2", embed: #""callbacks": [\#(step("u2", #""queue": "odd""#))]"#)
        try publish(place, "a3", embed: #""callbacks": [\#(step("u3", #""exchange": "nosuch", "routing_key": "x""#))]"#)
        try publish(place, "a4", embed: #""callbacks": [\#(step("u4", #""exchange": "celery", "routing_key": "nowhere""#))]"#)
        // The next step stands last.
        try publish(place, "a5", embed: #""chain": [\#(step("u6", #""queue": "celery""#)), \#(step("u5", reserved))]"#)
        try publish(place, "a6", embed: #""callbacks": [\#(step("good", #""queue": "celery""#))]"#)
        let worker = try place.run("celery celeryd --burst -c 1 --loglevel info")
        #expect(worker.status == 0, "\(worker)")
        let states = try place.run("celery status a1 a2 a3 a4 a5 a6 good u1 u2 u3 u4 u5 u6")
        let expected = Array(repeating: "SUCCESS", count: 7) + Array(repeating: "FAILURE", count: 6)
        #expect(states.lines.map { $0.split(separator: "\t").last.map(String.init) } == expected, "\(states)\n\(worker)")
        for (id, reason) in [
            ("u1", "'amq.foo' contains reserved prefix"), ("u2", "inequivalent arg 'durable' for queue 'odd'"),
            ("u3", "no exchange 'nosuch'"), ("u4", "no queue receives messages for exchange 'celery'"), ("u5", "amq.foo"),
        ] {
            let line = worker.errors.split(separator: "\n").first { $0.contains("demo.tasks.add[\(id)] cannot be sent: broker ") }
            #expect(line?.contains(reason) == true, "\(id)\n\(worker)")
            #expect(try place.run("celery result \(id)").errors.contains(reason))
        }
        #expect(try place.depth() == 0)
    }

    @Test func `an id that has no room in an answer is refused at the door`() throws {
        let place = try RabbitMQPlace()
        #expect(try place.run("celery celeryd --burst -q").status == 0)
        try publish(place, String(repeating: "i", count: 300), embed: "")
        try publish(place, String(repeating: "j", count: 255), embed: "")
        let worker = try place.run("celery celeryd --burst --loglevel info")
        #expect(worker.status == 0)
        #expect(worker.errors.contains("unreadable message (iii"), "\(worker)")
        #expect(worker.errors.contains("the id of a message for demo.tasks.add has 300 bytes; the limit is 255"), "\(worker)")
        #expect(worker.errors.contains("jjj...] processed: 5"), "\(worker)")
        #expect(try place.depth() == 0)
    }
}
