import CeleryCore
import Fixtures
import Synchronization
import Testing

@testable import SQL

/// What a link makes of what its connections meet, without a server.
@Suite(.timeLimit(.minutes(1))) struct SQLServerLinkTests {
    /// A server whose connections do what the test says.
    private final class Scripted: SQLServer {
        let location = "db+test://h/a"
        private let script: Mutex<[SQLError?]>
        let connections = Mutex(0)

        /// - Parameter script: What comes of each attempt to connect and each statement, in order; then all goes well.
        init(_ script: [SQLError?]) { self.script = Mutex(script) }

        func next() throws(SQLError) {
            let error = script.withLock { $0.isEmpty ? nil : $0.removeFirst() }
            if let error { throw error }
        }

        func connect(patience: Duration) throws(SQLError) -> any SQLServerConnection {
            connections.withLock { $0 += 1 }
            try next()
            return Connection(self)
        }

        final class Connection: SQLServerConnection {
            let dialect = SQLDialect(.postgreSQL)
            let server: Scripted
            var isLost = false

            init(_ server: Scripted) { self.server = server }

            func schemaMark() -> Int64 { 0 }
            func close() { isLost = true }
            func rows(_ sql: String, _ values: [SQLValue]) throws -> [[SQLValue]] { [] }

            func execute(_ sql: String, _ values: [SQLValue]) throws -> Int {
                guard sql == "x" else { return 0 }
                do {
                    try server.next()
                } catch {
                    if error.code == .lost { isLost = true }
                    throw error
                }
                return 1
            }
        }
    }

    private func execute(_ link: SQLServerLink, isRepeatable: Bool = true) async throws {
        try await link.write(isOneStatement: false, isRepeatable: isRepeatable) { _ = try $0.execute("x") }
    }

    private let lost = SQLError(.lost, "gone")

    @Test func `a connection that was lost while nobody used it is made anew, and the statement repeated`() async throws {
        let server = Scripted([nil, nil, lost])
        let link = SQLServerLink(server)
        try await execute(link)
        try await execute(link)
        #expect(server.connections.withLock { $0 } == 2)
    }

    @Test func `what must not be repeated is not`() async throws {
        let server = Scripted([nil, nil, lost])
        let link = SQLServerLink(server)
        try await execute(link)
        await #expect(throws: DriverError(.unreachable, "db+test://h/a: gone")) { try await execute(link, isRepeatable: false) }
        try await execute(link)
    }

    @Test func `transactions in each other's way are repeated`() async throws {
        let conflict = SQLError(.conflict, "deadlock")
        let server = Scripted([nil, conflict, conflict, conflict])
        try await execute(SQLServerLink(server))
        #expect(server.connections.withLock { $0 } == 1)
    }

    @Test func `after a failed attempt to connect, whoever asks soon gets its error`() async throws {
        let error = SQLError(.unreachable, "cannot reach db+test://h/a: no route")
        let server = Scripted(Array(repeating: error, count: 3))
        let link = SQLServerLink(server)
        await #expect(throws: DriverError(error, at: server.location)) { try await execute(link) }
        // It tries again, with pauses: two attempts more fail, and between them others are told without one.
        var asked = 0
        while (try? await execute(link)) == nil { asked += 1 }
        #expect(asked > 2)
        #expect(server.connections.withLock { $0 } == 4)
    }

    @Test func `columns that are not there any more are looked up again`() async throws {
        let server = Scripted([nil, SQLError(.schema, "no column")])
        try await execute(SQLServerLink(server))
    }

    @Test func `a closed link connects no more`() async throws {
        let server = Scripted([])
        let link = SQLServerLink(server)
        try await execute(link)
        await link.close()
        await #expect(throws: DriverError.self) { try await execute(link) }
        #expect(server.connections.withLock { $0 } == 1)
    }
}
