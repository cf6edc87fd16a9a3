import CeleryCore
import Testing

@testable import SQL

@Suite struct ODBCServerTests {
    private func server(_ text: String) throws -> ODBCServer { try ODBCServer(ServiceURL(text)) }

    @Test(arguments: [
        ("db+oracle://u:p@h/shop?driver=Oracle", "Driver=Oracle;DBQ=//h:1521/shop;UID=u;PWD=p"),
        ("db+oracle+oracledb://u:p@h:1522/?service_name=shop.example.org&driver=Oracle%2019", "Driver={Oracle 19};DBQ=//h:1522/shop.example.org;UID=u;PWD=p"),
        ("db+oracle://u:p@h/shop?driver=/opt/oracle/libsqora.so.19.1", "Driver=/opt/oracle/libsqora.so.19.1;DBQ=//h:1521/shop;UID=u;PWD=p"),
        ("db+oracle://u:p%3B%7Dx@/?dsn=shop", "DSN=shop;UID=u;PWD={p;}}x}"), ("db+oracle:///?dsn=My%20Shop", "DSN={My Shop}"),
        ("db+oracle://u:p@/?connection=Driver%3DX%3BSERVER%3Dh", "Driver=X;SERVER=h;UID=u;PWD=p"),
    ])
    func `a URL becomes a connection string`(text: String, connection: String) throws {
        #expect(try server(text).connectionString == connection)
    }

    @Test func `the password is in no text for display`() throws {
        #expect(try server("db+oracle://u:hush@h/shop?driver=Oracle").location == "db+oracle://u:***@h/shop")
    }

    @Test(arguments: [
        ("db+oracle://u:hush@h/shop", "it names no ODBC driver; add ?driver=NAME, one of those that odbcinst -q -d lists, or ?dsn=NAME"),
        ("db+oracle://u:hush@h/shop?driver=a&dsn=b", "driver and dsn exclude each other"), ("db+oracle://u:hush@h/?driver=a", "it names no database; write db+oracle://user:password@host/database"),
        ("db+oracle://u:hush@h/shop?drivr=a", "unknown option 'drivr'; did you mean 'driver'?"), ("db+oracle://u:hush@h/shop?driver=", "option 'driver' has no value"),
        ("db+oracle://u@h/shop?driver=a", "user and password must be given together"), ("db+oracle://u:hush@h/shop?driver=a&connect_timeout=0", "connect_timeout must be a number of seconds, up to 3600"),
        ("db+oracle:///?connection=Driver%3DX%3B%20Pwd%3Dhush", "write user and password before the host, not into the connection"),
    ])
    func `refuses what makes no sense, without the password`(text: String, message: String) {
        let error = #expect(throws: SQLError.self) { try server(text) }
        #expect(error?.code == .options && error?.message.hasSuffix(message) == true, "\(String(describing: error))")
        #expect(error?.message.contains("hush") == false)
    }

    @Test(arguments: [
        ("23000", 1, "[Oracle][ODBC][Ora]ORA-00001: unique constraint violated", .conflict), ("42S02", 942, "ORA-00942: table or view does not exist", .schema),
        ("HY000", 2_289, "ORA-02289: sequence does not exist", .schema), ("28000", 1_017, "ORA-01017: invalid username/password", .login),
        ("HY000", 12_541, "ORA-12541: TNS:no listener", .unreachable), ("HY000", 12_514, "ORA-12514: no such service", .noDatabase),
        ("HY000", 3_113, "ORA-03113: end-of-file on communication channel", .lost), ("HY000", 1_653, "ORA-01653: unable to extend table", .full),
        ("HY000", 1_031, "ORA-01031: insufficient privileges", .denied), ("HY000", 1_400, "ORA-01400: cannot insert NULL", .refused),
        ("23000", 1_062, "Duplicate entry", .conflict), ("HY018", 1_927, "Connection was killed", .lost), ("42000", 1_049, "Unknown database", .noDatabase),
        ("23505", 1, "duplicate key", .conflict), ("42P01", 1, "relation does not exist", .schema), ("08S01", 35, "server closed the connection", .lost),
        ("08001", 101, "Connection refused", .unreachable), ("42000", 0, "syntax error", .refused),
    ] as [(String, Int, String, SQLError.Code)])
    func `an error is known by its state and number`(state: String, number: Int, reason: String, code: SQLError.Code) {
        #expect(ODBCErrors.code(of: ODBCErrors.Said(state: state, number: number, reason: reason)) == code)
    }

    @Test func `a driver that is not there is an error of the URL`() {
        let said = ODBCErrors.Said(state: "01000", number: 0, reason: "[unixODBC][Driver Manager]Can't open lib 'Nix' : file not found")
        #expect(ODBCErrors.opening(said, at: "db+oracle://h/x").code == .options)
        let none = ODBCErrors.opening(ODBCErrors.Said(state: "08001", number: 0, reason: "no\u{1B}[2J\nanswer"), at: "db+oracle://h/x")
        #expect(none.code == .unreachable && !none.message.contains("\u{1B}") && !none.message.contains("\n"))
    }

    @Test func `a missing library is told with its package`() {
        let error = DriverError(SQLError(.libraryMissing("libodbc2"), "Oracle is reached by ODBC"), at: "")
        #expect(error.code == .configuration && error.hint == "install it: apt-get install libodbc2")
    }
}
