import CeleryCore
import Fixtures
import Testing

@testable import SQL

/// What a URL says of a PostgreSQL server, and what its errors come to.
@Suite struct PostgreSQLServerTests {
    private func server(_ text: String) throws -> PostgreSQLServer { try PostgreSQLServer(ServiceURL(text)) }

    @Test func `the URL becomes libpq's parameters`() throws {
        let server = try server("db+postgresql+psycopg2://us%40er:s%2Fcret@db.example.org:5433/shop?sslmode=verify-full&sslrootcert=/etc/ca.pem")
        #expect(server.location == "db+postgresql+psycopg2://us%40er:***@db.example.org:5433/shop")
        let wanted = [
            "dbname": "shop", "user": "us@er", "password": "s/cret", "host": "db.example.org", "port": "5433", "sslmode": "verify-full",
            "sslrootcert": "/etc/ca.pem", "client_encoding": "UTF8", "tcp_user_timeout": "8000",
        ]
        for (name, value) in wanted { #expect(server.parameters[name] == value, "\(name)") }
    }

    @Test func `without a host libpq chooses, and a socket is an option`() throws {
        #expect(try server("db+postgresql:///shop").parameters["host"] == nil)
        #expect(try server("db+postgresql:///shop?host=/run/postgresql").parameters["host"] == "/run/postgresql")
        #expect(try server("db+postgresql:///shop?connect_timeout=2.5").connectTimeout == .seconds(2.5))
    }

    @Test(arguments: [
        ("db+postgresql://h/a?sslmod=require", "db+postgresql://h/a: unknown option 'sslmod'; did you mean 'sslmode'?"),
        ("db+postgresql://h/a?frobnicate=1", "db+postgresql://h/a: unknown option 'frobnicate'"),
        (
            "db+postgresql://h/a?sslmode=verify",
            "db+postgresql://h/a: sslmode must be disable, allow, prefer, require, verify-ca or verify-full"
        ),
        ("db+postgresql://h/a?sslmode=require&sslmode=disable", "db+postgresql://h/a: option 'sslmode' is given twice"),
        ("db+postgresql://u:secret@h/a?connect_timeout=never", "db+postgresql://u:***@h/a: connect_timeout must be a number of seconds, up to 3600"),
        ("db+postgresql://h/a?client_encoding=latin1", "db+postgresql://h/a: client_encoding must be utf8"),
        ("db+postgresql://h", "db+postgresql://h: it names no database; write db+postgresql://user:password@host/database"),
        ("db+postgresql://h/", "db+postgresql://h/: it names no database; write db+postgresql://user:password@host/database"),
    ])
    func `what cannot be meant is refused by name`(text: String, message: String) throws {
        #expect { try server(text) } throws: { error in
            let error = error as? SQLError
            return error?.code == .options && error?.message == message
        }
    }

    @Test(arguments: [
        ("23505", SQLError.Code.conflict), ("40P01", .conflict), ("42P07", .conflict), ("42703", .schema), ("42P01", .schema), ("42501", .denied),
        ("25006", .readOnly), ("28P01", .login), ("3D000", .noDatabase), ("53300", .full), ("53100", .full), ("57P01", .lost), ("08006", .lost),
        ("22001", .tooLarge), ("22021", .refused),
    ])
    func `a SQLSTATE says what to do`(state: String, code: SQLError.Code) {
        #expect(PostgreSQLErrors.code(of: state) == code)
    }

    @Test func `a library that is missing names its package`() {
        let error = DriverError(SQLError(.libraryMissing("libpq5"), "PostgreSQL needs the library libpq"), at: "")
        #expect(error.code == .configuration && error.hint == "install it: apt-get install libpq5")
    }

    @Test func `numbers of every width are read in network byte order`() {
        func read(_ bytes: [UInt8], _ type: UInt32) -> SQLValue { bytes.withUnsafeBytes { PostgreSQLRows.value($0, type: type) } }
        #expect(read([0xFF, 0xFE], 21) == .integer(-2))
        #expect(read([0x00, 0x01, 0x00, 0x02], 23) == .integer(65_538))
        #expect(read([0x80, 0, 0, 0, 0, 0, 0, 0], 20) == .integer(.min))
        #expect(read([1], 16) == .integer(1))
        #expect(read([0, 255], 17) == .blob([0, 255]))
        #expect(read([UInt8]("snow".utf8), 25) == .text("snow"))
        // A width that is no number's.
        #expect(read([1, 2, 3], 23) == .text("\u{1}\u{2}\u{3}"))
    }
}
