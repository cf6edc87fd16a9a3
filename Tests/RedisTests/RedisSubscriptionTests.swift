import CeleryCore
import Fixtures
import Synchronization
import Testing

@testable import Redis

/// Messages of channels, at a real server.
@Suite(.timeLimit(.minutes(3))) struct RedisSubscriptionTests {
    /// What a subscription heard.
    private final class Ear: Sendable {
        private let heard = Mutex<[String]>([])
        private let resumptions = Mutex(0)

        var all: [String] { heard.withLock { $0 } }
        var resumed: Int { resumptions.withLock { $0 } }

        var listener: RedisSubscription.Listener {
            RedisSubscription.Listener(
                heard: { channel, content in
                    self.heard.withLock { $0.append("\(channel)=\(String(decoding: content, as: UTF8.self))") }
                },
                resumed: { self.resumptions.withLock { $0 += 1 } })
        }
    }

    /// - Returns: The number of connections that got it.
    private func publish(on link: RedisLink, _ channel: String, _ text: String) async throws -> Int? {
        try await link.ask(RedisCommand("PUBLISH", .text(channel), .text(text))).intValue
    }

    private func start(_ server: RedisServer, protocol version: Int = 2) throws -> (Ear, RedisSubscription, RedisLink) {
        let ear = Ear()
        let options = try RedisOptions(ServiceURL("\(server.url)?protocol=\(version)"))
        return (ear, RedisSubscription(options, ear.listener), RedisLink(options))
    }

    @Test(arguments: [2, 3]) func `hears what is published after the subscription, until it is ended`(version: Int) async throws {
        let (ear, subscription, link) = try start(.shared, protocol: version)
        let name = "channel-\(TaskID())"
        try await subscription.subscribe([.name(name), .pattern(RedisSubscription.Channel.escaped(name) + "[*]-*")])
        #expect(try await publish(on: link, name, "one") == 1)
        #expect(try await publish(on: link, name + "*-x", "two") == 1)
        #expect(try await publish(on: link, name + "-x", "nobody's") == 0)
        #expect(try await eventually { ear.all.count >= 2 })
        #expect(ear.all == ["\(name)=one", "\(name)*-x=two"])
        subscription.unsubscribe([.name(name)])
        #expect(try await eventually { try await publish(on: link, name, "late") == 0 })
        // The same connection again.
        try await subscription.subscribe([.name(name)])
        #expect(try await publish(on: link, name, "again") == 1)
        #expect(try await eventually { ear.all.last == "\(name)=again" })
        await subscription.close()
        #expect(try await eventually { try await publish(on: link, name, "over") == 0 })
        await link.close()
    }

    @Test func `comes back by itself after the server was away`() async throws {
        let server = try RedisServer.start(options: [])
        let (ear, subscription, link) = try start(server)
        try await subscription.subscribe([.name("news")])
        let before = ear.resumed
        try server.perform("kill")
        try server.perform("restart")
        #expect(try await eventually { ear.resumed > before })
        #expect(try await link.ask(RedisCommand("PUBLISH", "news", "back")).intValue == 1)
        #expect(try await eventually { ear.all == ["news=back"] })
        await subscription.close()
        await link.close()
        try server.perform("stop")
    }

    @Test func `notices within ten seconds that a server says nothing more`() async throws {
        let server = try RedisServer.start(options: [])
        let (ear, subscription, link) = try start(server)
        try await subscription.subscribe([.name("news")])
        let clients = try await link.ask(RedisCommand("CLIENT", "LIST", "TYPE", "pubsub")).textValue ?? ""
        #expect(clients.split(separator: "\n").count == 1)
        try server.perform("suspend")
        // For longer than a silence may last; then the server goes on as if nothing had been.
        try await Task.sleep(for: .seconds(11))
        try server.perform("resume")
        let resumed = ear.resumed
        #expect(try await eventually { ear.resumed > resumed || resumed > 1 })
        #expect(try await eventually { try await link.ask(RedisCommand("PUBLISH", "news", "heard")).intValue == 1 })
        #expect(try await eventually { ear.all.contains("news=heard") })
        await subscription.close()
        await link.close()
        try server.perform("stop")
    }

    @Test func `who cannot listen is told why, and it goes on trying`() async throws {
        let options = try RedisOptions(ServiceURL("redis://u:hush@127.0.0.1:1/0"))
        let subscription = RedisSubscription(options, Ear().listener)
        let error = await #expect(throws: DriverError.self) { try await subscription.subscribe([.name("x")]) }
        #expect(error?.code == .unreachable && error?.message == "cannot reach redis://u:***@127.0.0.1:1/0: connection refused")
        await subscription.close()
        let server = try RedisServer.shared
        let mute = RedisSubscription(
            try RedisOptions(ServiceURL("redis://reader:reader-secret@127.0.0.1:\(server.port)/0")), Ear().listener)
        let refusal = await #expect(throws: DriverError.self) { try await mute.subscribe([.name("x")]) }
        #expect(refusal?.code == .noPermission)
        await mute.close()
    }

    @Test func `a pattern of escaped text fits that text alone`() {
        #expect(RedisSubscription.Channel.escaped(#"a*b?c[d]e\f"#) == #"a\*b\?c\[d\]e\\f"#)
    }
}
