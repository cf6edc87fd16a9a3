import CeleryCore
import Fixtures
import Testing

@testable import SQL

/// Connections by ODBC to servers that can be had. Oracle's own driver and server cannot.
@Suite(.timeLimit(.minutes(5))) struct ODBCConnectionTests {
    private static let kinds = [DatabaseServer.Kind.postgreSQL, .mariaDB]

    private func server(_ kind: DatabaseServer.Kind) throws -> DatabaseServer { try kind == .postgreSQL ? .postgreSQL : .mariaDB }

    private func connection(_ url: String, patience: Duration = .seconds(8 * Machine.factor)) throws -> any SQLServerConnection {
        try ODBCServer(ServiceURL(url)).connect(patience: patience)
    }

    private func failure(_ url: String) throws -> SQLError {
        let error = #expect(throws: SQLError.self) { _ = try connection(url) }
        return try #require(error)
    }

    /// A table of its own.
    private func table(_ kind: DatabaseServer.Kind, _ connection: any SQLServerConnection) throws -> String {
        let name = "odbc_\(UInt32.random(in: 0...UInt32.max))"
        let types = kind == .postgreSQL ? "BYTEA, text_value TEXT" : "BLOB, text_value CLOB"
        try connection.execute("CREATE TABLE \(name) (id INTEGER, word VARCHAR(155), bytes_value \(types), time_value TIMESTAMP(6), PRIMARY KEY (id))")
        return name
    }

    @Test(arguments: kinds) func `values of every kind and size come back as they were`(kind: DatabaseServer.Kind) throws {
        let connection = try connection(server(kind).odbcURL())
        let name = try table(kind, connection)
        for (number, size) in [0, 1, 65_535, 65_536, 65_537, 3 << 20].enumerated() {
            let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            let text = String(repeating: "ü☃𝔘x", count: size / 8)
            let values: [SQLValue] = [.integer(Int64(number)), .text("wörd 𝔘"), .blob(bytes), .text(text), .text("2026-11-22 17:50:28.017376")]
            #expect(try connection.execute("INSERT INTO \(name) (id, word, bytes_value, text_value, time_value) VALUES (?, ?, ?, ?, \(kind == .postgreSQL ? "CAST(? AS TIMESTAMP)" : "?"))", values) == 1)
            let row = try #require(try connection.rows("SELECT id, word, bytes_value, text_value, time_value FROM \(name) WHERE id = ?", [.integer(Int64(number))]).first)
            #expect(row[0].integer == Int64(number) && row[1].text == "wörd 𝔘" && row[4].text == "2026-11-22 17:50:28.017376")
            // Not compared inside the macro: a failure should not print megabytes.
            let areSame = row[2].bytes == bytes && row[3].text == text
            #expect(areSame, "\(size)")
        }
        #expect(try connection.execute("INSERT INTO \(name) (id, word, bytes_value) VALUES (?, ?, ?)", [.integer(-1), .null, .null]) == 1)
        #expect(try connection.rows("SELECT word, bytes_value FROM \(name) WHERE id = -1") == [[.null, .null]])
        #expect(try connection.execute("DELETE FROM \(name) WHERE id >= 0") == 6)
        #expect(try connection.rows("SELECT id FROM \(name) WHERE id >= 0").isEmpty)
        connection.close()
    }

    @Test(arguments: kinds) func `a transaction is whole or nothing`(kind: DatabaseServer.Kind) throws {
        let connection = try connection(server(kind).odbcURL())
        let name = try table(kind, connection)
        struct Stop: Error {}
        #expect(throws: Stop.self) {
            try connection.transaction {
                try connection.execute("INSERT INTO \(name) (id) VALUES (1)")
                throw Stop()
            }
        }
        #expect(try connection.transaction { try connection.execute("INSERT INTO \(name) (id) VALUES (2)") } == 1)
        try connection.execute("INSERT INTO \(name) (id) VALUES (3)")
        let other = try self.connection(server(kind).odbcURL())
        #expect(try other.rows("SELECT id FROM \(name) ORDER BY id").map { $0[0].integer } == [2, 3])
        connection.close()
        other.close()
    }

    @Test(arguments: kinds) func `errors have their cause, and the connection lives on`(kind: DatabaseServer.Kind) throws {
        let connection = try connection(server(kind).odbcURL())
        let name = try table(kind, connection)
        func code(_ sql: String) -> SQLError.Code? {
            let error = #expect(throws: SQLError.self) { try connection.execute(sql) }
            return error?.code
        }
        let mark = try connection.schemaMark()
        #expect(code("SELECT 1 FROM there_is_none") == .schema)
        #expect(try connection.schemaMark() != mark)
        try connection.execute("INSERT INTO \(name) (id) VALUES (1)")
        #expect(code("INSERT INTO \(name) (id) VALUES (1)") == .conflict)
        #expect(code("SELECT FROM WHERE") == .refused)
        #expect(try connection.rows("SELECT id FROM \(name)").count == 1 && !connection.isLost)
        connection.close()
    }

    @Test func `a server that ends or says nothing more is noticed`() throws {
        for kind in Self.kinds {
            let server = try DatabaseServer.start(kind)
            let silent = try connection(server.odbcURL())
            let ended = try connection(server.odbcURL())
            _ = try silent.rows("SELECT 1")
            try server.perform("suspend")
            let time = ContinuousClock().measure {
                let error = #expect(throws: SQLError.self) { _ = try silent.rows("SELECT 1") }
                #expect(error?.code == .lost && error?.message.hasSuffix("is silent") == true)
            }
            #expect(time.isWaitForSilentServer && silent.isLost)
            try server.perform("resume")
            try server.perform("kill")
            let error = #expect(throws: SQLError.self) { _ = try ended.rows("SELECT 1") }
            #expect(error?.code == .lost && ended.isLost, "\(String(describing: error))")
        }
    }

    @Test(arguments: kinds) func `what cannot be reached is told, without the password`(kind: DatabaseServer.Kind) throws {
        let server = try server(kind)
        let none = try failure(server.odbcURL(port: 1))
        #expect(none.code == .unreachable && none.message.hasPrefix("cannot reach db+oracle://celery:***@: "))
        let refused = try failure(server.odbcURL(password: "hush"))
        // PostgreSQL's driver has one state for all that keeps it from connecting.
        #expect([.login, .unreachable].contains(refused.code) && refused.message.contains("celery") && !refused.message.contains("hush"))
        let driver = try failure("db+oracle://u:hush@h/x?driver=Nix")
        #expect(driver.code == .options && driver.message.contains("the ODBC driver or data source cannot be used"))
        #expect(DriverError(driver, at: "").code == .configuration)
    }
}
