import CeleryCore
import Fixtures
import Testing

@testable import Mongo

/// Commands to a server that speaks the protocol, and what is said of one that cannot be used.
@Suite(.timeLimit(.minutes(5))) struct MongoLinkTests {
    private func link(_ url: String, within limit: Duration = .seconds(4)) throws -> MongoLink {
        try MongoLink(MongoOptions(ServiceURL(url), connectTimeout: limit.onThisMachine))
    }

    private func failure(_ url: String, within limit: Duration = .seconds(4)) async throws -> DriverError {
        let link = try link(url, within: limit)
        let error = await #expect(throws: DriverError.self) { _ = try await link.find(in: "c", [:]) }
        await link.close()
        return try #require(error)
    }

    private func put(_ link: MongoLink, _ id: String, _ value: BSONValue) async throws {
        _ = try await link.write(["update": "c", "updates": [["q": ["_id": .string(id)], "u": ["_id": .string(id), "value": value], "upsert": true]]])
    }

    @Test func `finds what it has written, in as many answers as it takes`() async throws {
        let server = try MongoServer()
        let link = try link(server.url)
        for number in 0..<1_500 { try await put(link, "id-\(number)", .int32(Int32(number))) }
        #expect(try await link.find(in: "c", [:]).count == 1_500)
        #expect(server.commands.contains { $0.members.first?.name == "getMore" })
        #expect(try await link.find(in: "c", ["_id": "id-7"]) == [["_id": "id-7", "value": 7]])
        #expect(try await link.find(in: "c", [:], sort: ["value": -1], fields: ["_id": 1], limit: 2) == [["_id": "id-1499"], ["_id": "id-1498"]])
        #expect(try await link.delete(from: "c", ["value": ["$lt": 1_000]]) == 1_000)
        #expect(server.connections == 1)
        await link.close()
    }

    @Test func `writes as many servers as the URL demands`() async throws {
        let server = try MongoServer()
        let link = try link(server.url + "?w=2&journal=true")
        try await put(link, "a", 1)
        #expect(server.commands.last?["writeConcern"] == MongoServerValue([("w", .int(2, isLong: false)), ("j", .bool(true))]))
        await link.close()
    }

    // MARK: Login

    private func guarded(_ change: (inout MongoServer.Manner) -> Void = { _ in }) throws -> MongoServer {
        var manner = MongoServer.Manner()
        (manner.user, manner.password) = ("me", "s/cret,=")
        change(&manner)
        return try MongoServer(manner)
    }

    private func url(_ server: MongoServer, _ credentials: String = "me:s%2Fcret,=") -> String { "mongodb://\(credentials)@\(server.place)/results" }

    @Test func `logs in, also at an older server`() async throws {
        for isOld in [false, true] {
            let server = try guarded { $0.isOld = isOld }
            let link = try link(url(server))
            try await put(link, "a", 1)
            #expect(server.documents("c").count == 1)
            await link.close()
        }
    }

    @Test(arguments: ["me:hush", "you:hush"]) func `a wrong user and a wrong password are told, and not shown`(credentials: String) async throws {
        let server = try guarded()
        let error = try await failure(url(server, credentials))
        #expect(error.code == .noPermission && error.message.contains("Authentication failed.") && !error.message.contains("hush"))
        #expect(error.hint?.contains("authSource") == true)
    }

    @Test func `no user where one is needed is an error of rights`() async throws {
        let server = try guarded()
        let error = try await failure(server.url)
        withExtendedLifetime(server) {}
        #expect(error.code == .noPermission && error.message.contains("requires authentication"))
    }

    @Test func `a server that does not know the password itself is not believed`() async throws {
        let other = try guarded { $0.isGenuine = false }
        let error = try await failure(url(other))
        #expect(error.code == .noPermission && error.message.hasSuffix("it does not know the password itself, so it is not the server that it seems to be"))
        let hasty = try guarded { $0.rounds = 10 }
        let rounds = try await failure(url(hasty))
        withExtendedLifetime((other, hasty)) {}
        #expect(rounds.code == .noPermission && rounds.message.contains("hashed 10 times, which is not safe"))
    }

    // MARK: Sets

    @Test func `finds the server of a set that takes writes`() async throws {
        var manner = MongoServer.Manner()
        manner.set = "rs"
        let primary = try MongoServer(manner)
        manner.primary = primary.place
        let secondary = try MongoServer(manner)
        for hosts in [secondary.place, "127.0.0.1:1,\(secondary.place)", "\(secondary.place),\(primary.place)"] {
            let link = try link("mongodb://\(hosts)/results?replicaSet=rs")
            try await put(link, "a", 1)
            await link.close()
        }
        #expect(primary.documents("c").count == 1 && secondary.commands.isEmpty)
        let direct = try await failure("mongodb://\(secondary.place)/results?directConnection=true")
        #expect(direct.code == .unreachable && direct.message.hasSuffix("none of its servers takes writes: there is no primary"))
        let other = try await failure("mongodb://\(primary.place)/results?replicaSet=other")
        #expect(other.code == .unusable && other.message.hasSuffix("it is of set 'rs', and the URL demands 'other'"))
    }

    @Test func `a server that steps down is left, and the command is sent again`() async throws {
        let server = try MongoServer()
        let link = try link(server.url)
        try await put(link, "a", 1)
        for code: Int64 in [10_107, 189, 11_600] {
            server.fail("update", code: code)
            try await put(link, "b-\(code)", 1)
        }
        #expect(server.documents("c").count == 4)
        await link.close()
    }

    // MARK: Trouble

    @Test func `a connection that the server closes while it is idle is replaced`() async throws {
        let server = try MongoServer()
        let link = try link(server.url)
        try await put(link, "a", 1)
        server.cut(isAway: true)
        let error = await #expect(throws: DriverError.self) { _ = try await link.find(in: "c", [:]) }
        #expect(error?.code == .unreachable)
        server.comeBack()
        #expect(try await eventually { (try? await link.find(in: "c", [:]).count) == 1 })
        await link.close()
    }

    @Test func `a server that says nothing more is noticed`() async throws {
        let server = try MongoServer()
        let link = try link(server.url)
        try await put(link, "a", 1)
        server.suspend()
        let time = await ContinuousClock().measure {
            let error = await #expect(throws: DriverError.self) { _ = try await link.delete(from: "c", [:]) }
            #expect(error?.code == .unreachable && error?.message.contains("is silent") == true)
        }
        #expect(time.isWaitForSilentServer)
        server.resume()
        await link.close()
    }

    @Test(arguments: [(13, .noPermission), (50, .tryAgain), (14_031, .tryAgain), (17_419, .refused), (9, .refused)] as [(Int64, DriverError.Code)])
    func `a refusal of a server becomes an error with its cause`(number: Int64, code: DriverError.Code) async throws {
        let server = try MongoServer()
        server.fail("find", code: number)
        let error = try await failure(server.url)
        #expect(error.code == code && error.message == "\(server.url): the server refuses find: as the test wants (error \(number))")
    }

    @Test func `says that no server listens`() async throws {
        let error = try await failure("mongodb://u:hush@127.0.0.1:1/results")
        #expect(error.code == .unreachable && error.message == "cannot reach mongodb://u:***@127.0.0.1:1/results: connection refused")
        #expect(error.hint == "start MongoDB, or correct the URL")
    }

    @Test func `says what else answers than MongoDB`() async throws {
        for answer in ["HTTP/1.1 400 Bad Request\r\n\r\n", "-ERR unknown command `hello`, with args\r\n"] {
            let server = try FakeServer(answer: answer)
            let error = try await failure("mongodb://127.0.0.1:\(server.port)")
            #expect(error.code == .unusable && error.hint?.hasPrefix("check that the URL names a MongoDB server") == true, "\(error)")
        }
        let silent = try FakeServer()
        let late = try await failure("mongodb://127.0.0.1:\(silent.port)", within: .milliseconds(300))
        #expect(late.code == .unreachable && late.message.hasSuffix("it accepts connections but does not answer"))
        var manner = MongoServer.Manner()
        manner.wireVersion = 5
        let server = try MongoServer(manner)
        let old = try await failure(server.url)
        withExtendedLifetime(server) {}
        #expect(old.code == .unusable && old.message.hasSuffix("its version is older than 3.6, and speaks another protocol"))
    }

    @Test func `a server without TLS is told from one with`() async throws {
        let server = try MongoServer()
        let error = try await failure(server.url + "?tls=true")
        #expect(error.code == .unreachable && error.hint?.contains("tlsCAFile") == true)
    }
}
