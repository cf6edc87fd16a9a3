import CeleryCore
import CeleryDB
import Fixtures
import Testing

@Suite struct StandingCommandTableTests {
    private let folder = TemporaryFolder()
    private let now = Timestamp(seconds: 1_000)

    @Test func `a command that is kept again is no news, and one that has changed is`() async throws {
        let file = try DatabaseFile(path: folder.file("celery.db"))
        var revocation = Revocation(.task("t"), issued: now, until: now + .seconds(60))
        func keep(_ revocation: Revocation) async throws {
            try await file.write(waking: false) { db in try StandingCommandTable.add(revocation, in: db) }
        }
        func news(after number: Int64) async throws -> ([Revocation], last: Int64) {
            try await file.read { [now] db in try StandingCommandTable.revocations(after: number, now: now, in: db) }
        }
        try await keep(revocation)
        let (first, last) = try await news(after: 0)
        #expect(first == [revocation])
        try await keep(revocation)
        #expect(try await news(after: last).0 == [])
        revocation.until = now + .seconds(90)
        try await keep(revocation)
        #expect(try await news(after: last).0 == [revocation])
        #expect(try await news(after: 0).0 == [revocation])
        file.close()
    }
}
