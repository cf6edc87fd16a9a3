import Fixtures
import Processes
import Testing

/// What an administrator can set, and what an alarm does: at a server that no other test uses.
@Suite(.blocking, .serialized)
struct RabbitMQLimitTests {
    private static let own = Result<RabbitMQServer, any Error> { try RabbitMQServer.start(options: ["--client-certificates", "--management"]) }

    private func set(_ name: String, _ value: Int, _ server: RabbitMQServer) throws {
        try server.ask("eval", "application:set_env(rabbit, \(name), \(value)).")
    }

    @Test func `works with small frames, and says which headers do not fit them`() throws {
        let place = try RabbitMQPlace(Self.own.get())
        try set("frame_max", 8_192, place.server)
        defer { try? set("frame_max", 131_072, place.server) }
        let id = try place.run("celery apply demo.tasks.shout $(printf %0100000d 1)").text
        let ended = try place.run("celery apply demo.tasks.add 1 --header a=$(printf %09000d 1)")
        #expect(ended.status == 65)
        #expect(ended.errors.contains("and the broker's frames hold 8169"), "\(ended.errors)")
        #expect(try place.run("celery celeryd --burst -q").status == 0)
        #expect(try place.run("celery result \(id)").text.utf8.count == 100_001)
        // A client may ask for less as well.
        #expect(try place.run("celery apply demo.tasks.shout $(printf %0100000d 1) -b '\(place.url)?frame_max=4096'").status == 0)
    }

    @Test func `a server that wants a certificate gets one, or says no`() throws {
        let place = try RabbitMQPlace(Self.own.get())
        let server = place.server
        let options = "?cacertfile=\(server.tlsFolder)/ca.pem"
        let own = "&certfile=\(server.tlsFolder)/client.pem&keyfile=\(server.tlsFolder)/client.key"
        #expect(try place.run("celery apply demo.tasks.add 1 2 -b '\(place.tlsURL(options + own))'").status == 0)
        let without = try place.run("celery apply demo.tasks.add 1 2 -b '\(place.tlsURL(options))'")
        #expect(without.status == 69, "\(without)")
        #expect(without.errors.contains("amqps://celery:***@localhost"))
        #expect(without.errors.contains("if the server asks for a client certificate, add certfile=FILE&keyfile=FILE to the URL"))
    }

    @Test func `65 for a message larger than the server takes`() throws {
        let place = try RabbitMQPlace(Self.own.get())
        try set("max_message_size", 10_000, place.server)
        defer { try? set("max_message_size", 134_217_728, place.server) }
        let ended = try place.run("celery apply demo.tasks.shout $(printf %020000d 1)")
        #expect(ended.status == 65)
        #expect(ended.errors.contains(" is larger than configured max size 10000"), "\(ended)")
        #expect(ended.errors.hasPrefix("celery apply: broker amqp://celery:***@127.0.0.1"))
        #expect(try place.run("celery apply demo.tasks.add 1 2").status == 0)
    }

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
