import CeleryCore
import Testing

@testable import SQL

/// What a URL says of a MySQL or MariaDB server, how statements are written, and what errors come to.
@Suite struct MariaDBServerTests {
    private func server(_ text: String) throws -> MariaDBServer { try MariaDBServer(ServiceURL(text)) }

    @Test func `the URL names the server`() throws {
        let server = try server("db+mysql+pymysql://us%40er:s%2Fcret@db.example.org:3307/shop?charset=utf8mb4&connect_timeout=2")
        #expect(server.location == "db+mysql+pymysql://us%40er:***@db.example.org:3307/shop")
        #expect(server.host == "db.example.org" && server.port == 3307 && server.user == "us@er" && server.password == "s/cret")
        #expect(server.database == "shop" && server.connectTimeout == .seconds(2) && server.tls == MariaDBServer.TLS())
        #expect(try self.server("db+mariadb:///shop?unix_socket=/run/m.sock").socket == "/run/m.sock")
        // By its name libmariadb would take the socket.
        #expect(try self.server("db+mysql://localhost:3307/shop").host == "127.0.0.1")
        #expect(try self.server("db+mysql://localhost/shop").host == "localhost")
    }

    @Test(arguments: [
        ("", false, false), ("ssl=true", true, false), ("ssl_mode=REQUIRED", true, false), ("ssl_mode=PREFERRED", false, false),
        ("ssl_ca=/ca.pem", true, true), ("ssl_ca=/ca.pem&ssl_verify_cert=false", true, false), ("ssl_verify_cert=true", true, true),
        ("ssl_mode=VERIFY_IDENTITY", true, true), ("ssl_mode=VERIFY_CA&ssl_capath=/certs", true, true), ("ssl_cert=/c&ssl_key=/k", true, false),
        ("ssl=false", false, false), ("ssl_mode=DISABLED", false, false),
    ])
    func `options of TLS demand encryption, and verification where there is something to trust`(
        options: String, isRequired: Bool, isVerified: Bool
    ) throws {
        let tls = try server("db+mysql://h/a?\(options)").tls
        #expect(tls.isRequired == isRequired && tls.isVerified == isVerified)
    }

    @Test(arguments: [
        ("ssl_cA=/x", "unknown option 'ssl_cA'; did you mean 'ssl_ca'?"), ("frobnicate=1", "unknown option 'frobnicate'"),
        ("charset=latin1", "charset must be utf8mb4"), ("ssl_cert=/c", "ssl_cert and ssl_key must be given together"),
        ("ssl_mode=VERIFY", "ssl_mode must be DISABLED, PREFERRED, REQUIRED, VERIFY_CA or VERIFY_IDENTITY"),
        ("ssl_check_hostname=false", "ssl_check_hostname cannot be false alone: put ssl_verify_cert=false before it"),
        ("ssl_mode=DISABLED&ssl_ca=/ca.pem", "TLS is off, and has options"), ("ssl_verify_cert=maybe", "ssl_verify_cert must be true or false"),
        ("ssl_mode=VERIFY_CA&ssl_verify_cert=false", "ssl_mode and ssl_verify_cert contradict each other"),
        ("read_timeout=0", "read_timeout must be a number of seconds, up to 3600"),
    ])
    func `what cannot be meant is refused by name`(options: String, message: String) throws {
        #expect { try server("db+mysql://u:secret@h/a?\(options)") } throws: { error in
            let error = error as? SQLError
            return error?.code == .options && error?.message == "db+mysql://u:***@h/a: \(message)"
        }
    }

    @Test func `values stand in a statement as hexadecimal literals`() {
        let values: [SQLValue] = [.text("a'\\?ü"), .blob([0, 0x27, 0xFF]), .integer(-7), .null, .text(""), .blob([])]
        let statement = String(decoding: MariaDBStatement.bytes("SELECT ?, ?, ?, ?, ?, ?", values), as: UTF8.self)
        #expect(statement == "SELECT _utf8mb4 X'61275C3FC3BC', X'0027FF', -7, NULL, _utf8mb4 X'', X''")
    }

    @Test(arguments: [
        (UInt32(1213), SQLError.Code.conflict), (1062, .conflict), (1050, .conflict), (1146, .schema), (1054, .schema), (1142, .denied), (1045, .login),
        (1049, .noDatabase), (1040, .full), (1114, .full), (1290, .readOnly), (1153, .tooLarge), (2006, .lost), (2013, .lost), (2003, .unreachable),
        (2005, .unreachable), (2026, .tls), (1064, .refused),
    ])
    func `a number says what to do`(number: UInt32, code: SQLError.Code) {
        #expect(MariaDBErrors.code(of: number) == code)
    }

    @Test(arguments: [
        ("10.11.6-MariaDB-0+deb12u1", true), ("5.5.5-10.4.12-MariaDB", true), ("10.2.44-MariaDB", false), ("8.0.36", false),
        ("11.4.2-MariaDB-log", true), ("MariaDB", false),
    ])
    func `MariaDB has sequences since 10.3`(version: String, has: Bool) {
        #expect(MariaDBVersion.hasSequences(version) == has)
    }
}
