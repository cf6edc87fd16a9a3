import Fixtures
import Processes
import Testing

/// What an administrator can set: at a server that no other test uses.
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
}
