import CeleryCore
import Fixtures
import Testing

@testable import Tyrant

/// Commands to a server that speaks the protocol, and what is said of one that cannot be used.
@Suite(.timeLimit(.minutes(3))) struct TyrantLinkTests {
    private func link(_ url: String, within limit: Duration = .seconds(4)) throws -> TyrantLink {
        try TyrantLink(TyrantOptions(ServiceURL(url), connectTimeout: limit))
    }

    private func failure(_ url: String, within limit: Duration = .seconds(4)) async throws -> DriverError {
        let link = try link(url, within: limit)
        let error = await #expect(throws: DriverError.self) { _ = try await link.values(of: ["k"]) }
        await link.close()
        return try #require(error)
    }

    @Test func `sends commands and gives back their replies in order`() async throws {
        let server = try TyrantServer()
        let link = try link(server.url)
        let replies = try await link.send([
            .putKeep("a", [1]), .putKeep("a", [2]), .put("b", [0, 10, 13]), .values(["a", "none", "b"]), .size("b"), .size("none"), .out("a"), .out("a"),
            .keys(startingWith: "b", limit: nil), .keys(startingWith: "", limit: 0),
        ])
        try #require(replies.count == 10)
        #expect(Array(replies[..<3]) == [.done(true), .done(false), .done(true)])
        #expect(replies[3] == .records([TyrantRecord(key: [97], value: [1]), TyrantRecord(key: [98], value: [0, 10, 13])]))
        #expect(Array(replies[4..<8]) == [.size(3), .size(nil), .done(true), .done(false)])
        #expect(Array(replies[8...]) == [.keys([[98]]), .keys([])])
        await link.close()
    }

    @Test func `many callers share one connection, and none waits for another`() async throws {
        let server = try TyrantServer()
        let link = try link(server.url)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<500 {
                group.addTask {
                    let (key, bytes) = ("key-\(number)", Array("\(number)".utf8))
                    _ = try await link.effects(of: [.put(key, bytes)])
                    let found = try await link.values(of: [key])[key]
                    #expect(found == bytes)
                }
            }
            try await group.waitForAll()
        }
        #expect(try await link.values(of: (0..<501).map { "key-\($0)" }).count == 500)
        #expect(server.connections == 1)
        await link.close()
    }

    @Test func `carries values of many sizes`() async throws {
        let server = try TyrantServer()
        let link = try link(server.url)
        for size in [0, 1, 65_535, 65_536, 65_537, 1 << 20, 16 << 20] {
            let value = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            #expect(try await link.effects(of: [.put("k", value)]) == [true])
            // Not compared inside the macro: a failure should not print megabytes.
            let isSame = try await link.values(of: ["k"])["k"] == value
            #expect(isSame, "\(size) bytes")
        }
        await link.close()
    }

    @Test func `a connection that the server closes while it is idle is replaced`() async throws {
        let server = try TyrantServer()
        let link = try link(server.url)
        #expect(try await link.effects(of: [.put("kept", [1])]) == [true])
        server.cut(isAway: true)
        let error = await #expect(throws: DriverError.self) { _ = try await link.values(of: ["kept"]) }
        #expect(error?.code == .unreachable)
        server.comeBack()
        #expect(try await eventually { (try? await link.values(of: ["kept"])) == ["kept": [1]] })
        await link.close()
    }

    @Test func `a server that says nothing more is noticed`() async throws {
        let server = try TyrantServer()
        let link = try link(server.url)
        _ = try await link.values(of: ["k"])
        server.suspend()
        let time = await ContinuousClock().measure {
            let error = await #expect(throws: DriverError.self) { _ = try await link.effects(of: [.out("k")], isRepeatable: false) }
            #expect(error?.code == .unreachable && error?.message.contains("is silent") == true)
        }
        #expect(time.isWaitForSilentServer)
        server.resume()
        #expect(try await link.values(of: ["k"]).isEmpty)
        await link.close()
    }

    // MARK: What cannot be used

    @Test func `says that no server listens`() async throws {
        let error = try await failure("tyrant://127.0.0.1:1")
        #expect(error.code == .unreachable && error.message == "cannot reach tyrant://127.0.0.1:1: connection refused")
        #expect(error.hint == "start ttserver, or correct the URL")
    }

    @Test func `says what else answers than Tokyo Tyrant`() async throws {
        for answer in ["HTTP/1.1 400 Bad Request\r\n\r\n", "ERROR\r\n", "\u{1}\u{1}\u{1}"] {
            let server = try FakeServer(answer: answer)
            let error = try await failure("tyrant://127.0.0.1:\(server.port)")
            #expect(error.code == .unusable && error.hint == "check that the URL names a Tokyo Tyrant server", "\(answer)")
        }
        let silent = try FakeServer()
        let late = try await failure("tyrant://127.0.0.1:\(silent.port)", within: .milliseconds(300))
        #expect(late.code == .unreachable && late.message.hasSuffix("it accepts connections but does not answer"))
    }

    @Test(arguments: ["table", "fixed-length"]) func `refuses databases that keep no values`(type: String) async throws {
        let server = try TyrantServer(type: type)
        let error = try await failure(server.url)
        #expect(error.code == .unusable && error.message == "cannot reach \(server.url): its database is of the kind '\(type)', which cannot keep results")
    }

    @Test func `uses a server that may not tell what it is`() async throws {
        let server = try TyrantServer(forbidden: [0x88])
        let link = try link(server.url)
        #expect(try await link.effects(of: [.put("k", [1])]) == [true])
        await link.close()
    }
}
