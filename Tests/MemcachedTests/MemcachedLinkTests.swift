import CeleryCore
import Fixtures
import Testing

@testable import Memcached

/// Commands to real servers, and what is said of one that cannot be used.
@Suite(.timeLimit(.minutes(3))) struct MemcachedLinkTests {
    private func link(_ url: String) throws -> MemcachedLink { try MemcachedLink(MemcachedOptions(ServiceURL(url))) }

    private func key() -> String { "link-tests-\(TaskID())" }

    private func failure(_ url: String, within limit: Duration = .seconds(4)) async throws -> DriverError {
        let link = try MemcachedLink(MemcachedOptions(ServiceURL(url), connectTimeout: limit))
        let error = await #expect(throws: DriverError.self) { _ = try await link.ask(.get(["k"])) }
        await link.close()
        return try #require(error)
    }

    @Test func `sends commands and gives back their replies in order`() async throws {
        let link = try link(LocalMemcached.shared.url)
        let key = key()
        let value: [UInt8] = [0, 13, 10, 255, 69, 78, 68, 13, 10]
        let replies = try await link.send([
            .add(key, value, expires: 60), .add(key, [1], expires: 60), .get([key]), .delete(key), .get([key]), .set(key, [0x39], expires: 60),
            .increment(key), .touch(key, expires: 60), .delete(key), .increment(key),
        ])
        try #require(replies.count == 10)
        #expect(replies[0] == .word("STORED") && replies[1] == .word("NOT_STORED") && replies[3] == .word("DELETED"))
        if case .values(let values) = replies[2] { #expect(values.map(\.bytes) == [value]) } else { Issue.record("\(replies[2])") }
        #expect(replies[4] == .values([]) && replies[6] == .number(10) && replies[7] == .word("TOUCHED") && replies[9] == .word("NOT_FOUND"))
        await link.close()
    }

    @Test func `replaces a value only while it is the one that was read`() async throws {
        let link = try link(LocalMemcached.shared.url)
        let key = key()
        #expect(try await link.ask(.replace(key, [1], expires: 60, version: 1)) == .word("NOT_FOUND"))
        _ = try await link.ask(.set(key, [1], expires: 60))
        let version = try #require(try await link.values(of: [key])[key]?.version)
        #expect(try await link.ask(.replace(key, [2], expires: 60, version: version)) == .word("STORED"))
        #expect(try await link.ask(.replace(key, [3], expires: 60, version: version)) == .word("EXISTS"))
        #expect(try await link.values(of: [key])[key]?.bytes == [2])
        await link.close()
    }

    @Test func `many callers share one connection, and none waits for another`() async throws {
        let link = try link(LocalMemcached.shared.url)
        let prefix = key()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<500 {
                group.addTask {
                    let (key, bytes) = ("\(prefix)-\(number)", Array("\(number)".utf8))
                    _ = try await link.ask(.set(key, bytes, expires: 60))
                    let found = try await link.values(of: [key])[key]?.bytes
                    #expect(found == bytes)
                }
            }
            try await group.waitForAll()
        }
        let keys = (0..<500).map { "\(prefix)-\($0)" }
        #expect(try await link.values(of: keys + keys + ["\(prefix)-none"]).count == 500)
        await link.close()
    }

    @Test func `carries values of many sizes`() async throws {
        let link = try link(LocalMemcached.shared.url)
        let key = key()
        for size in [0, 1, 65_535, 65_536, 65_537, 1 << 20, 16 << 20] {
            let value = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            _ = try await link.ask(.set(key, value, expires: 60))
            // Not compared inside the macro: a failure should not print megabytes.
            let isSame = try await link.values(of: [key])[key]?.bytes == value
            #expect(isSame, "\(size) bytes")
        }
        _ = try await link.ask(.delete(key))
        await link.close()
    }

    @Test func `a value over the server's limit is refused, and the connection lives on`() async throws {
        let server = try LocalMemcached.start(options: ["--item-size", "1m"])
        let link = try link(server.url)
        let replies = try await link.send([.add("big", [UInt8](repeating: 65, count: 3 << 20), expires: 0), .add("small", [1], expires: 0)])
        #expect(replies == [.error("SERVER_ERROR object too large for cache"), .word("STORED")])
        await link.close()
        try server.perform("stop")
    }

    @Test func `verifies the certificate of a server for the host of the URL`() async throws {
        let server = try LocalMemcached.start(options: ["--tls"])
        let authority = "?ssl_ca_certs=\(server.authority)"
        let link = try link(server.url + authority)
        let key = key()
        let value = (0..<3 << 20).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        _ = try await link.ask(.set(key, value, expires: 60))
        let isSame = try await link.values(of: [key])[key]?.bytes == value
        #expect(isSame)
        await link.close()
        let stranger = try await failure(server.url)
        #expect(stranger.code == .unreachable && stranger.message.contains("the certificate of the server is not accepted"), "\(stranger.message)")
        #expect(stranger.hint?.contains("ssl_ca_certs") == true)
        // This address is its own, too, and not in the certificate.
        let elsewhere = "memcacheds://0.0.0.0:\(server.port)/\(authority)"
        #expect(try await failure(elsewhere).message.contains("the certificate of the server is not accepted"))
        for option in ["ssl_check_hostname=false", "ssl_cert_reqs=none"] {
            let trusting = try self.link("\(elsewhere)&\(option)")
            #expect(try await trusting.values(of: [key]).count == 1)
            await trusting.close()
        }
        let plain = try await failure("memcached://127.0.0.1:\(server.port)/")
        #expect(plain.code == .unreachable || plain.code == .unusable)
        #expect("\(plain.message) \(plain.hint ?? "")".contains("memcacheds://"))
        let encrypted = try await failure("memcacheds://127.0.0.1:\(LocalMemcached.shared.port)/")
        #expect(encrypted.code == .unreachable && encrypted.message.contains("TLS"), "\(encrypted.message)")
        #expect(try await failure("\(server.url)?ssl_ca_certs=/nowhere/ca.pem").code == .configuration)
        try server.perform("stop")
    }

    @Test func `shares keys among several servers, and names the one that is away`() async throws {
        let servers = [try LocalMemcached.start(), try LocalMemcached.start()]
        let list = servers.map { "127.0.0.1:\($0.port)" }
        let link = try link("cache+memcached://\(list.joined(separator: ";"))/")
        let keys = (0..<200).map { "key-\($0)" }
        let choice = ServerChoice(link.options.servers)
        _ = try await link.send(keys.map { .set($0, Array($0.utf8), expires: 0) })
        let found = try await link.values(of: keys)
        #expect(found.count == 200 && found.allSatisfy { Array($0.key.utf8) == $0.value.bytes })
        for (number, place) in list.enumerated() {
            let own = try self.link("memcached://\(place)/")
            #expect(try await Set(own.values(of: keys).keys) == Set(keys.filter { choice.server(of: $0) == number }))
            await own.close()
        }
        try servers[1].perform("kill")
        let error = await #expect(throws: DriverError.self) { _ = try await link.values(of: keys) }
        #expect(error?.code == .unreachable && error?.message.contains(list[1]) == true)
        // The keys of the other are as before.
        let near = keys.filter { choice.server(of: $0) == 0 }
        #expect(try await link.values(of: near).count == near.count)
        await link.close()
        try servers[0].perform("stop")
    }

    @Test func `a connection that the server closes while it is idle is replaced`() async throws {
        let server = try LocalMemcached.start()
        let link = try link(server.url)
        _ = try await link.ask(.set("kept", [1], expires: 0))
        try server.perform("kill")
        let error = await #expect(throws: DriverError.self) { _ = try await link.values(of: ["kept"]) }
        #expect(error?.code == .unreachable)
        try server.perform("restart")
        #expect(try await link.values(of: ["kept"]).isEmpty)
        await link.close()
        try server.perform("stop")
    }

    @Test func `what is asked after a refusal is not refused for it`() async throws {
        let way = try Link(to: LocalMemcached.shared.port, isOpen: false)
        let link = try link("cache+memcached://127.0.0.1:\(way.port)/")
        for _ in 0..<2 { await #expect(throws: DriverError.self) { _ = try await link.values(of: ["k"]) } }
        try way.open()
        #expect(try await link.values(of: [key()]).isEmpty)
        await link.close()
    }

    @Test func `a server that says nothing more is noticed`() async throws {
        let server = try LocalMemcached.start()
        let link = try link(server.url)
        _ = try await link.values(of: ["k"])
        try server.perform("suspend")
        let time = await ContinuousClock().measure {
            let error = await #expect(throws: DriverError.self) { _ = try await link.ask(.increment("k"), isRepeatable: false) }
            #expect(error?.code == .unreachable && error?.message.contains("is silent") == true)
        }
        #expect(time.isWaitForSilentServer)
        try server.perform("resume")
        #expect(try await link.values(of: ["k"]).isEmpty)
        await link.close()
        try server.perform("stop")
    }

    // MARK: What cannot be used

    @Test func `says that no server listens`() async throws {
        let error = try await failure("cache+memcached://127.0.0.1:1/")
        #expect(error.code == .unreachable && error.message == "cannot reach cache+memcached://127.0.0.1:1/: connection refused")
        #expect(error.hint == "start memcached, or correct the URL")
        let socket = try await failure("memcached:///nowhere/m.sock")
        #expect(socket.message == "cannot reach memcached:///nowhere/m.sock/: no such file or directory")
    }

    @Test func `says what else answers than Memcached`() async throws {
        for answer in ["HTTP/1.1 400 Bad Request\r\n\r\n", "-ERR unknown command `version`\r\n", "STORED\r\n"] {
            let server = try FakeServer(answer: answer, after: "version\r\n")
            let error = try await failure("memcached://127.0.0.1:\(server.port)/")
            #expect(error.code == .unusable && error.hint == "check that the URL names a memcached server, and use cache+memcacheds:// for a TLS port", "\(answer)")
        }
        let silent = try FakeServer()
        let late = try await failure("memcached://127.0.0.1:\(silent.port)/", within: .milliseconds(300))
        #expect(late.code == .unreachable && late.message.hasSuffix("it accepts connections but does not answer"))
    }

    @Test func `says that a server asks for a password, or has too many connections`() async throws {
        let closed = try FakeServer(answer: "CLIENT_ERROR unauthenticated\r\n", after: "version\r\n")
        let error = try await failure("memcached://127.0.0.1:\(closed.port)/")
        #expect(error.code == .configuration && error.message.hasSuffix("the server asks for a password"))
        let crowded = try FakeServer(answer: "ERROR Too many open connections\r\n", after: "version\r\n")
        #expect(try await failure("memcached://127.0.0.1:\(crowded.port)/").message.contains("Too many open connections"))
    }

    @Test func `damage in the middle of a reply is an error for all who wait`() async throws {
        let server = try ScriptedServer(answers: ["VERSION 1.6.18\r\n", "VALUE k 0 5 1\r\nab\r\nEND\r\n\r\n"])
        let link = try link("memcached://127.0.0.1:\(server.port)/")
        let error = await #expect(throws: DriverError.self) { _ = try await link.ask(.get(["k"]), isRepeatable: false) }
        #expect(error?.code == .unusable)
        await link.close()
        #expect(server.requests.prefix(2) == ["version\r\n", "gets k\r\n"])
    }
}
