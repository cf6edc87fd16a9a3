import CeleryCore
import Fixtures
import Testing

/// Events at a RabbitMQ server.
@Suite(.blocking) struct RabbitMQEventsTests {
    private func objects(_ text: String) throws -> [JSON] { try text.split(separator: "\n").map { try JSON(parsing: String($0)) } }

    /// What the management API knows of the queues whose names begin so.
    private func queues(_ place: RabbitMQPlace, _ prefix: String) throws -> [JSON] {
        let all = try JSON(parsing: place.server.api.expect("GET", "queues/\(place.vhost)")).arrayValue ?? []
        return all.filter { $0["name"]?.stringValue?.hasPrefix(prefix) ?? false }
    }

    /// The queues of followers; the other queues of this name are last wills of workers.
    private func followers(_ place: RabbitMQPlace) throws -> [JSON] { try queues(place, "celeryev.").filter { $0["exclusive"] == true } }

    @Test func `follows without a log, by a queue that goes away and does not grow`() throws {
        let place = try RabbitMQPlace()
        let following = try place.project.start("exec celery events --follow --json", with: place.variables())
        #expect(try eventually { try !followers(place).isEmpty })
        let queue = try #require(try followers(place).first)
        #expect(queue["auto_delete"] == true && queue["exclusive"] == true && queue["durable"] == false)
        #expect(queue["arguments"] == ["x-expires": 60_000, "x-message-ttl": 5_000, "x-max-length": 20_000])
        try place.project.startWorker("-n w@h", with: place.variables())
        #expect(eventually { following.printed.contains("worker-heartbeat") })
        let events = try objects(following.printed)
        #expect(events.first?["type"] == "worker-online" && events.first?["cursor"] == .null && events.first?["hostname"] == "w@h")
        // The queue of the worker's remote control, too.
        let control = try #require(try queues(place, "w@h.celery.pidbox").first)
        #expect(control["auto_delete"] == true && control["arguments"]?["x-max-length"] == 1_000)
        following.signal(15)
        _ = try following.wait()
        #expect(try eventually { try followers(place).isEmpty })
        #expect(try queues(place, "celery.events").isEmpty)
        let kept = try place.run("celery events")
        #expect(kept.status == 78 && kept.errors.contains("stores no events: it has no stream celery.events"))
        #expect(try place.run("celery events --follow --after 3").status == 78)
        try place.project.stopWorker()
    }

    @Test func `keeps events in a stream with -E, and goes on where it stopped`() throws {
        let place = try RabbitMQPlace()
        let project = place.project
        try project.startWorker("-E -n w@h", with: place.variables())
        #expect(try eventually { try !queues(place, "celery.events").isEmpty })
        let stream = try #require(try queues(place, "celery.events").first)
        #expect(stream["type"] == "stream" && stream["arguments"]?["x-max-age"] == "86400s")
        let ids = try (1...3).map { try place.run("celery apply demo.tasks.add \($0)").text }
        func seen() throws -> [JSON] { try objects(place.run("celery events --json --type task").output) }
        #expect(try eventually { try seen().count == 9 })
        let told = try seen()
        try #require(told.count == 9)
        #expect(Set(told.map { $0["uuid"]?.stringValue }) == Set(ids))
        let one = try objects(place.run("celery events --json --id \(ids[1])").output)
        #expect(one.map { $0["type"] } == ["task-received", "task-started", "task-succeeded"] && one[2]["result"] == "2")
        for index in [0, 3, 7] {
            let cursor = try #require(told[index]["cursor"]?.stringValue)
            let rest = try objects(place.run("celery events --json --type task --after \(cursor)").output)
            #expect(rest == Array(told[(index + 1)...]), "\(cursor)")
        }
        #expect(try place.run("celery events --json --since 1h --type task").lines.count == 9)
        try project.stopWorker()
    }

    @Test func `goes on without a gap when the connection is lost`() throws {
        let place = try RabbitMQPlace()
        let project = place.project
        try project.startWorker("-E -n w@h", with: place.variables())
        #expect(try eventually { try !queues(place, "celery.events").isEmpty })
        // From before it began, however long that takes.
        let following = try project.start("exec celery events --follow --since 1h --json --type task", with: place.variables())
        _ = try place.run("celery apply demo.tasks.add 1 --wait").text
        #expect(eventually { following.printed.split(separator: "\n").count == 3 })
        // The server needs some seconds to know its connections.
        let isLost = try eventually {
            let connections = try JSON(parsing: place.server.api.expect("GET", "vhosts/\(place.vhost)/connections")).arrayValue ?? []
            for connection in connections {
                let name = connection["name"]?.stringValue?.replacing(" ", with: "%20").replacing(">", with: "%3E") ?? ""
                _ = try place.server.api.request("DELETE", "connections/\(name)")
            }
            return following.said.contains("celery events: connected to")
        }
        #expect(isLost, "\(following.said)")
        _ = try place.run("celery apply demo.tasks.add 2 --wait").text
        #expect(eventually { following.printed.split(separator: "\n").count == 6 }, "\(following.printed)\(following.said)")
        let types = try objects(following.printed).map { $0["type"]?.stringValue ?? "" }
        #expect(types == ["task-received", "task-started", "task-succeeded", "task-received", "task-started", "task-succeeded"])
        #expect(!following.said.contains("gap"))
        following.signal(15)
        try project.stopWorker()
    }
}
