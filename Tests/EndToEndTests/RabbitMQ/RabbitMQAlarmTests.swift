import Fixtures
import Processes
import Testing

/// What a server does that takes no messages for want of memory: at one that no other test uses.
@Suite(.blocking, .serialized)
struct RabbitMQAlarmTests {
    private static let own = Result<RabbitMQServer, any Error> { try RabbitMQServer.start(options: ["--management"]) }

    /// Does something during an alarm, at a place whose broker was used before.
    private func duringAlarm(_ body: (RabbitMQPlace) throws -> Void) throws {
        let place = try RabbitMQPlace(Self.own.get())
        _ = try place.run("celery apply demo.tasks.add 1 2").text
        try place.server.ask("set_vm_memory_high_watermark", "0.000001")
        defer { _ = try? place.server.ask("set_vm_memory_high_watermark", "0.4") }
        try body(place)
    }

    private static let alarm = "it takes no messages now (low on memory)"
    private static let later = "\(alarm); messages already sent may be accepted later"

    @Test func `75 in time while the server takes nothing, and goes on when it does again`() throws {
        try duringAlarm { place in
            let time = try ContinuousClock().measure {
                let ended = try place.run("celery apply demo.tasks.add 1 2 --task-id 'a&b'", with: ["CELERY_PUBLISH_TIMEOUT": "2"])
                #expect(ended == Ended(
                    errors: """
                        celery apply: task a&b is not confirmed: broker \(place.shown): \(Self.later)
                        hint: try again with --task-id 'a&b', so that it stays one task with one result even if the broker accepts both

                        """, status: 75))
            }
            #expect(time < .seconds(20).onThisMachine)
            let waiting = try place.project.start("celery apply demo.tasks.add 1 2", with: place.variables())
            try place.server.ask("set_vm_memory_high_watermark", "0.4")
            #expect(try waiting.wait().status == 0)
        }
    }

    @Test func `names the id it made, by which one can ask and try again`() throws {
        try duringAlarm { place in
            let variables = ["CELERY_PUBLISH_TIMEOUT": "1"]
            let ended = try place.run("celery apply demo.tasks.add 1 2 --json", with: variables)
            let id = try #require(ended.output.firstMatch(of: #/"id":"([-0-9a-f]{36})"/#)?.1)
            #expect(ended.output == "{\"id\":\"\(id)\",\"task\":\"demo.tasks.add\",\"confirmed\":false}\n")
            #expect(ended.errors.hasPrefix("celery apply: task \(id) is not confirmed: broker "))
            #expect(ended.errors.contains("\nhint: try again with --task-id \(id), so that"))
            try place.server.ask("set_vm_memory_high_watermark", "0.4")
            #expect(try place.run("celery apply demo.tasks.add 1 2 --task-id \(id)").text == id)
            #expect(try place.run("celery celeryd --burst -q").status == 0)
            #expect(try place.run("celery result \(id)").text == "3")
        }
    }

    @Test func `names the lines and items that are not confirmed`() throws {
        try duringAlarm { place in
            let variables = ["CELERY_PUBLISH_TIMEOUT": "1"]
            try place.project.write(String(repeating: "{\"task\": \"demo.tasks.add\"}\n\n", count: 2), to: "batch")
            try place.project.expect(
                "celery apply --batch batch", with: place.variables().merging(variables) { $1 },
                Ended(
                    errors: """
                        celery apply: broker \(place.shown): \(Self.later); not confirmed: lines 1, 3
                        hint: the ids of confirmed lines are printed; send the others again: a line that specifies an id stays one task even if the broker accepts it twice

                        """, status: 75))
            let map = try place.run("seq 3 | celery dmap demo.tasks.square", with: variables)
            #expect(map == Ended(
                errors: "celery dmap: broker \(place.shown): \(Self.later); not confirmed: items 1-3\n", status: 75))
        }
    }

    @Test func `--timeout bounds the sending as well as the waiting`() throws {
        try duringAlarm { place in
            let time = try ContinuousClock().measure {
                for command in ["celery apply demo.tasks.add 1 2 --wait --timeout 1.5", "seq 3 | celery dmap demo.tasks.square --timeout 1"] {
                    let ended = try place.run(command)
                    #expect(ended.status == 75, "\(ended)")
                    #expect(ended.errors.contains(Self.later), "\(ended)")
                }
            }
            #expect(time < .seconds(20).onThisMachine)
        }
    }

    @Test func `says that workers cannot be asked during an alarm, soon`() throws {
        try duringAlarm { place in
            let time = try ContinuousClock().measure {
                try place.project.expect("celery status", with: place.variables(), Ended(
                    errors: "celery status: broker \(place.shown): \(Self.alarm)\n", status: 75))
            }
            #expect(time < .seconds(20).onThisMachine)
        }
    }
}
