import CeleryCore
import Fixtures
import Testing

@testable import Redis

/// Commands to a real server, and what is said of one that cannot be used.
@Suite(.timeLimit(.minutes(3))) struct RedisLinkTests {
    private func link(_ url: String) throws -> RedisLink { try RedisLink(RedisOptions(ServiceURL(url))) }

    private func key() -> String { "link-tests-\(TaskID())" }

    private func failure(_ url: String) async throws -> DriverError {
        let link = try link(url)
        let error = await #expect(throws: DriverError.self) { _ = try await link.ask(RedisCommand("PING")) }
        await link.close()
        return try #require(error)
    }

    @Test(arguments: ["2", "3"]) func `sends commands and gives back their replies in order`(version: String) async throws {
        let link = try link(RedisServer.shared.url + "?protocol=\(version)&client_name=linktest")
        let key = key()
        let value: [UInt8] = [0, 13, 10, 255]
        let replies = try await link.send([
            RedisCommand("SET", .text(key), .bytes(value), "EX", "60"), RedisCommand("GET", .text(key)), RedisCommand("INCR", .text(key)),
            RedisCommand("HGETALL", "no such key"), RedisCommand("CLIENT", "GETNAME"), RedisCommand("DEL", .text(key)), RedisCommand("GET", .text(key)),
        ])
        try #require(replies.count == 7)
        #expect(replies[0] == .status("OK") && replies[1] == .bytes(value) && replies[3] == .array([]))
        #expect(replies[4].textValue == "linktest" && replies[5] == .integer(1) && replies[6] == .null)
        if case .error(let text) = replies[2] { #expect(text.hasPrefix("ERR")) } else { Issue.record("\(replies[2])") }
        await #expect(throws: DriverError.self) { _ = try await link.ask(RedisCommand("INCRBY", .text(key), "x")) }
        await link.close()
    }

    @Test func `many callers share one connection, and none waits for another`() async throws {
        let link = try link(RedisServer.shared.url)
        let prefix = key()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<500 {
                group.addTask {
                    let reply = try await link.ask([
                        RedisCommand("SET", .text("\(prefix)-\(number)"), .number(number), "EX", "60"), RedisCommand("GET", .text("\(prefix)-\(number)")),
                    ]).dropFirst().first
                    #expect(reply?.intValue == number)
                }
            }
            try await group.waitForAll()
        }
        await link.close()
    }

    @Test func `carries values of many sizes`() async throws {
        let link = try link(RedisServer.shared.url)
        let key = key()
        for size in [1, 65_535, 65_536, 65_537, 1 << 20, 16 << 20] {
            let value = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            let replies = try await link.ask([RedisCommand("SET", .text(key), .bytes(value), "EX", "60"), RedisCommand("GET", .text(key))])
            try #require(replies.count == 2)
            // Not compared inside the macro: a failure should not print megabytes.
            let isSame = replies[1].bytesValue == value
            #expect(isSame, "\(size) bytes")
        }
        _ = try await link.ask(RedisCommand("DEL", .text(key)))
        await link.close()
    }

    @Test func `a script runs also where the server has forgotten it`() async throws {
        let link = try link(RedisServer.shared.url)
        // Unknown to any server: nobody has run it before.
        let script = RedisScript("return {KEYS[1], ARGV[1], '\(TaskID())'}")
        for _ in 0..<2 {
            let reply = try await link.ask(RedisCommand(script, keys: ["k"], ["a"]))
            #expect(reply.elements?.prefix(2).map(\.textValue) == ["k", "a"])
        }
        let known = try await link.ask(RedisCommand("SCRIPT", "EXISTS", .text(script.hash)))
        #expect(known == .array([.integer(1)]))
        await link.close()
    }

    @Test func `a connection that the server closes while it is idle is replaced`() async throws {
        let server = try RedisServer.start(options: ["--aof"])
        let link = try link(server.url)
        _ = try await link.ask(RedisCommand("SET", "kept", "1"))
        try server.perform("kill")
        let error = await #expect(throws: DriverError.self) { _ = try await link.ask(RedisCommand("GET", "kept")) }
        #expect(error?.code == .unreachable)
        try server.perform("restart")
        let reply = try await link.ask(RedisCommand("GET", "kept"))
        #expect(reply.intValue == 1)
        await link.close()
        try server.perform("stop")
    }

    @Test func `a server that says nothing more is noticed`() async throws {
        let server = try RedisServer.start(options: [])
        let link = try link(server.url)
        _ = try await link.ask(RedisCommand("PING"))
        try server.perform("suspend")
        let time = await ContinuousClock().measure {
            let error = await #expect(throws: DriverError.self) { _ = try await link.ask(RedisCommand("PING"), isRepeatable: false) }
            #expect(error?.code == .unreachable && error?.message.contains("is silent") == true)
        }
        #expect(time.isWaitForSilentServer)
        try server.perform("resume")
        #expect(try await link.ask(RedisCommand("PING")).textValue == "PONG")
        await link.close()
        try server.perform("stop")
    }

    // MARK: What cannot be used

    @Test func `says that no server listens`() async throws {
        let error = try await failure("redis://u:hush@127.0.0.1:1/0")
        #expect(error.code == .unreachable && error.message == "cannot reach redis://u:***@127.0.0.1:1/0: connection refused")
        #expect(error.hint == "start Redis, or correct the URL")
        let socket = try await failure("socket:///nowhere/redis.sock")
        #expect(socket.message == "cannot reach socket:///nowhere/redis.sock: no such file or directory")
    }

    @Test func `says that the login is refused, and never shows the password`() async throws {
        let port = try RedisServer.shared.port
        for user in ["celery:wrong-secret", ":wrong-secret", "nobody:wrong-secret"] {
            let error = try await failure("redis://\(user)@127.0.0.1:\(port)/0")
            #expect(error.code == .noPermission && error.message.hasSuffix("the server refuses this user and password"))
            #expect(!error.message.contains("wrong-secret") && error.hint?.contains("wrong-secret") != true)
        }
        let none = try await failure("redis://127.0.0.1:\(port)/0")
        #expect(none.code == .noPermission && none.message.hasSuffix("the server asks for a password"))
    }

    @Test func `says that there is no such database`() async throws {
        let server = try RedisServer.shared
        let error = try await failure("redis://celery:celery-secret@127.0.0.1:\(server.port)/99")
        #expect(error.code == .configuration && error.message.hasSuffix("the server has no database 99"))
    }

    @Test func `says what else answers than Redis`() async throws {
        let web = try FakeServer(answer: "HTTP/1.1 400 Bad Request\r\n\r\n", after: "celery\r\n")
        let error = try await failure("redis://127.0.0.1:\(web.port)/0")
        #expect(error.code == .unusable && error.message.contains("it does not speak the protocol of Redis"))
        let silent = try FakeServer()
        let late = try await failure("redis://127.0.0.1:\(silent.port)/0?socket_connect_timeout=0.3")
        #expect(late.code == .unreachable && late.message.hasSuffix("it accepts connections but does not answer"))
    }

    @Test(arguments: [("sentinel", "it is a Redis Sentinel, which keeps no data"), ("cluster", "it is part of a Redis cluster")])
    func `refuses a Sentinel and a cluster`(mode: String, message: String) async throws {
        let server = try FakeServer(answer: "*4\r\n$5\r\nproto\r\n:2\r\n$4\r\nmode\r\n$\(mode.utf8.count)\r\n\(mode)\r\n", after: "celery\r\n")
        let error = try await failure("redis://127.0.0.1:\(server.port)/0")
        #expect(error.code == .configuration && error.message.hasSuffix(message))
        #expect(error.hint == "Sentinel and cluster are not supported; name a single server: redis://host:port/0")
    }

    /// What a server before Redis 6 answers, in the order of our questions.
    @Test func `logs in at an old server, which knows no HELLO`() async throws {
        let info = "# Server\r\nredis_version:5.0.14\r\nredis_mode:standalone\r\n"
        let server = try ScriptedServer(answers: [
            "-ERR unknown command `HELLO`, with args beginning with: `2`, \r\n", "+OK\r\n",
            "+OK\r\n$\(info.utf8.count)\r\n\(info)\r\n+OK\r\n", "+PONG\r\n",
        ])
        let link = try link("redis://:secret@127.0.0.1:\(server.port)/0")
        #expect(try await link.ask(RedisCommand("PING")).textValue == "PONG")
        await link.close()
        try #require(server.requests.count == 4)
        #expect(server.requests[1] == "*2\r\n$4\r\nAUTH\r\n$6\r\nsecret\r\n")
        #expect(server.requests[3] == "*1\r\n$4\r\nPING\r\n")
    }

    // MARK: TLS

    @Test func `encrypts, and trusts only who is vouched for and has the right name`() async throws {
        let server = try RedisServer.shared
        let authority = "ssl_ca_certs=\(server.tlsFolder)/ca.pem"
        let link = try link("\(server.tlsURL)?\(authority)&ssl_cert_reqs=required")
        let value = [UInt8](repeating: 7, count: 3 << 20)
        let replies = try await link.ask([RedisCommand("SET", "tls", .bytes(value), "EX", "60"), RedisCommand("GET", "tls")])
        try #require(replies.count == 2)
        let isSame = replies[1].bytesValue == value
        #expect(isSame)
        await link.close()

        let stranger = try await failure(server.tlsURL)
        #expect(stranger.code == .unreachable && stranger.message.contains("the certificate of the server is not accepted"))
        #expect(stranger.hint?.contains("ssl_ca_certs") == true)
        // The kernel takes 0.0.0.0 for this machine; the certificate is for 127.0.0.1.
        let place = "celery:celery-secret@0.0.0.0:\(server.tlsPort)/0?\(authority)"
        let other = try await failure("rediss://\(place)")
        #expect(other.code == .unreachable && other.message.contains("the certificate of the server is not accepted"))
        for option in ["ssl_check_hostname=false", "ssl_cert_reqs=none"] {
            let lax = try self.link("rediss://\(place)&\(option)")
            #expect(try await lax.ask(RedisCommand("PING")).textValue == "PONG", "\(option)")
            await lax.close()
        }
        let address = try self.link("rediss://celery:celery-secret@127.0.0.1:\(server.tlsPort)/0?\(authority)")
        #expect(try await address.ask(RedisCommand("PING")).textValue == "PONG")
        await address.close()
    }

    @Test func `says which of two ports is encrypted`() async throws {
        let server = try RedisServer.shared
        let plain = try await failure("redis://celery:celery-secret@localhost:\(server.tlsPort)/0")
        // Whether the server says something before it hangs up is its affair.
        #expect((plain.message + (plain.hint ?? "")).contains("rediss://"))
        let encrypted = try await failure("rediss://celery:celery-secret@localhost:\(server.port)/0")
        #expect(encrypted.code == .unreachable && encrypted.message.contains("TLS"))
        let missing = try await failure("\(server.tlsURL)?ssl_ca_certs=/nowhere/ca.pem")
        #expect(missing.message.contains("cannot use the trusted certificates"))
    }

    @Test func `connects by a socket of this machine`() async throws {
        let server = try RedisServer.shared
        let link = try link("redis+socket://celery:celery-secret@\(server.socket)?virtual_host=1")
        #expect(try await link.ask(RedisCommand("PING")).textValue == "PONG")
        await link.close()
    }
}
