import CeleryCore
import Fixtures
import Glibc
import Testing

/// `celery dead` at a real RabbitMQ server, where dead letters are messages in a queue.
@Suite(.blocking) struct DeadLetterQueueTests {
    @Test func `a task that was missing is kept, and sent again after a deploy`() throws {
        let place = try RabbitMQPlace()
        let id = try place.run("celery apply demo.tasks.late 5 2>/dev/null").text
        #expect(try place.run("celery celeryd --burst -q").status == 0)
        #expect(try place.run("celery status \(id)").output == "\(id)\tFAILURE\n")
        #expect(try place.run("celery dead list").output.hasPrefix("\(id)\tdemo.tasks.late\tcelery\tunregistered\t"))
        try place.project.task("late.sh", "#!/bin/sh\necho $1 $CELERY_ATTEMPT\n")
        #expect(try place.run("celery dead replay \(id)") == Ended(id + "\n"))
        #expect(try place.run("celery status \(id)").output == "\(id)\tPENDING\n")
        #expect(try place.run("celery celeryd --burst -q").status == 0)
        #expect(try place.run("celery result \(id)") == Ended("5 2\n"))
        #expect(try place.run("celery dead list") == Ended())
    }

    @Test func `a queue of dead letters that confirms nothing stops nobody, and loses none`() throws {
        let place = try RabbitMQPlace()
        try place.project.task("crash", "#!/bin/sh\nkill -9 $PPID\n")
        let variables = [
            "CELERY_DEFAULT_QUEUE_TYPE": "quorum", "CELERYD_CRASH_LIMIT": "1", "CELERY_PUBLISH_TIMEOUT": "3",
        ]
        #expect(try place.run("celery dead list", with: variables) == Ended())
        try place.server.stopReplica(of: "celery.dead", in: place.vhost)
        let id = try place.run("celery apply demo.tasks.crash", with: variables).text
        let worker = try place.project.start("exec celery celeryd -c2 -l info 2>&1", with: place.variables().merging(variables) { $1 })
        #expect(eventually { worker.printed.contains("not tried again") })
        let missing = try place.run("celery apply demo.tasks.missing 2>/dev/null", with: variables).text
        #expect(eventually { worker.printed.contains(missing) })
        for number in 0..<5 { #expect(try place.run("celery apply demo.tasks.add \(number) --wait", with: variables).text == "\(number)") }
        #expect(eventually { worker.printed.contains("messages to queue 'celery.dead' were not confirmed in time") })
        worker.signal(SIGTERM)
        let ended = try worker.wait()
        #expect(ended.status == 0)
        let unrecorded = ended.output.split(separator: "\n").filter { $0.contains("Stopping without recording ") }.joined()
        #expect(unrecorded.contains("demo.tasks.crash[\(id)]") && unrecorded.contains("demo.tasks.missing[\(missing)]"), "\(ended.output)")

        try place.server.startReplica(of: "celery.dead", in: place.vhost)
        #expect(try place.run("celery celeryd --burst -q", with: variables).status == 0)
        #expect(try place.run("celery status \(id)", with: variables).output == "\(id)\tFAILURE\n")
        let letters = try place.run("celery dead list", with: variables).output
        #expect(letters.contains("\(id)\tdemo.tasks.crash\tcelery\tsignal 9\t") && letters.contains("\(missing)\tdemo.tasks.missing\tcelery\tunregistered\t"))
    }

    @Test func `what a policy sent to celery.dead can be listed and sent again`() throws {
        let place = try RabbitMQPlace()
        // The queue and its exchange come with the first look.
        #expect(try place.run("celery dead list") == Ended())
        try place.server.api.expect(
            "PUT", "policies/\(place.vhost)/dead",
            body: #"{"pattern": "^short$", "apply-to": "queues", "definition": {"dead-letter-exchange": "celery.dead", "message-ttl": 1}}"#)
        let id = try place.run("celery apply demo.tasks.add 3 -Q short").text
        #expect(try eventually { try place.run("celery dead list").output.hasPrefix("\(id)\tdemo.tasks.add\tshort\texpired\t") })
        #expect(try place.run("celery dead replay --reason expired --to celery") == Ended(id + "\n"))
        #expect(try place.run("celery celeryd --burst -q").status == 0)
        #expect(try place.run("celery result \(id)") == Ended("3\n"))
    }

    @Test func `lists more than ten thousand, twice at once, and loses none when it is killed`() throws {
        let place = try RabbitMQPlace()
        #expect(try place.run("celery dead list") == Ended())
        let count = 12_000
        try place.server.api.expect(
            "PUT", "policies/\(place.vhost)/dead",
            body: #"{"pattern": "^celery.parked$", "apply-to": "queues", "definition": {"dead-letter-exchange": "celery.dead", "message-ttl": 1}}"#)
        let ids = try place.run("for ((i = 0; i < \(count); i++)); do echo '{\"task\": \"demo.tasks.add\", \"args\": ['$i']}'; done | celery apply --batch - -Q celery.parked").lines
        #expect(ids.count == count)
        func ready(_ queue: String) throws -> Int {
            let counts = try place.run("celery queues --json -q", with: ["CELERY_QUEUES": queue]).lines.map { try JSON(parsing: $0) }
            return counts.first { $0["queue"]?.stringValue == queue }?["ready"]?.intValue ?? 0
        }
        #expect(try eventually { try ready("celery.dead") == count })
        // One waits for the other, and gives up after half a minute, in which a slow machine may not list so many.
        let other = try place.project.start("celery dead list", with: place.variables())
        let listed = try place.run("until celery dead list >listed; do [ $? = 75 ] || exit; done; cat listed").lines.map { String($0.prefix { $0 != "\t" }) }
        #expect(listed == ids)
        let ended = try other.wait()
        #expect(ended.status == 75 || ended.lines.map { String($0.prefix { $0 != "\t" }) } == ids, "\(ended.status) \(ended.errors)")

        // In the middle of the walk.
        for delay in ["0.15", "0.4", "0.8"] { _ = try place.run("timeout -s KILL \(delay) celery dead list >/dev/null") }
        // The server has to notice first, and put back what each of them held.
        #expect(try eventually { try ready("celery.dead") == count })
        #expect(try place.run("celery dead list").lines.map { String($0.prefix { $0 != "\t" }) } == ids)

        // In the middle of a replay: each is in one of the two places, or in both.
        let replay = try place.project.start("exec celery dead replay --all --to again", with: place.variables())
        #expect(eventually { !replay.printed.isEmpty })
        replay.signal(SIGKILL)
        let killed = try replay.wait().lines
        var seen = -1
        #expect(try eventually {
            let now = try ready("celery.dead") + ready("again")
            defer { seen = now }
            return now == seen && now >= count
        })
        let left = try place.run("celery dead list").lines.map { String($0.prefix { $0 != "\t" }) }
        let sent = try ready("again")
        #expect(Set(killed).isSubset(of: ids))
        #expect(left == Array(ids.suffix(left.count)))
        #expect(left.count + sent >= count && left.count + sent <= count + 200, "\(left.count) left, \(sent) sent")
        #expect(left.count < count)
    }
}
