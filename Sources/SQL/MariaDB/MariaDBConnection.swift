import CeleryCore
import CMariaDB
import Glibc
import Synchronization

/// A connection to a MySQL or MariaDB server by libmariadb. Confined to the queue that uses it; the library's own time limits end
/// every wait.
final class MariaDBConnection: SQLServerConnection {
    let dialect: SQLDialect
    private let location: String
    private var handle: UnsafeMutableRawPointer?
    private var mark: Int64
    /// The longest statement that the server takes, in bytes.
    private var statementLimit = 1 << 20

    /// Marks of connections differ: another server may answer the next one.
    private static let marks = Atomic<Int64>(0)

    var isLost: Bool { handle == nil }

    /// Connects and logs in. Blocks, for at most the server's `connectTimeout`; looking up a host name may take longer.
    init(_ server: MariaDBServer, patience: Duration) throws(SQLError) {
        location = server.location
        mark = Self.marks.add(1, ordering: .relaxed).newValue
        if let reason = celery_maria_load() {
            throw SQLError(
                .libraryMissing("libmariadb3"), "MySQL and MariaDB need the library libmariadb, which cannot be loaded: \(String(cString: reason))")
        }
        let made = try Self.open(server, patience)
        handle = made
        let version = String(cString: celery_maria_server(made))
        dialect = SQLDialect(MariaDBVersion.hasSequences(version) ? .mariaDB : .mySQL)
        do {
            // Nothing is cut without a word, and each statement stands for itself.
            try execute("SET SESSION autocommit = 1, sql_mode = concat_ws(',', nullif(@@sql_mode, ''), 'STRICT_TRANS_TABLES')")
            statementLimit = try rows("SELECT @@max_allowed_packet").first?.first?.integer.map { Int(clamping: $0) } ?? statementLimit
        } catch {
            close()
            throw error as? SQLError ?? SQLError(.lost, "\(error)")
        }
    }

    deinit { close() }

    private static func open(_ server: MariaDBServer, _ patience: Duration) throws(SQLError) -> UnsafeMutableRawPointer {
        let tls = server.tls
        let texts = [
            server.host, server.user, server.password, server.database, server.socket, tls.authorities, tls.authorityFolder, tls.certificate,
            tls.key, tls.cipher,
        ].map { $0.flatMap { strdup($0) } }
        defer { for text in texts { free(text) } }
        let pointers = texts.map { $0.map { UnsafePointer($0) } }
        var terms = celery_maria_terms(
            host: pointers[0], user: pointers[1], password: pointers[2], database: pointers[3], socket: pointers[4], port: UInt32(server.port),
            connect_timeout: server.connectTimeout.wholeSeconds, answer_timeout: patience.wholeSeconds, authorities: pointers[5],
            authority_folder: pointers[6], certificate: pointers[7], key: pointers[8], cipher: pointers[9], encrypts: tls.isRequired ? 1 : 0,
            verifies: tls.isVerified ? 1 : 0)
        var code: UInt32 = 0
        var problem = [CChar](repeating: 0, count: Int(CELERY_MARIA_PROBLEM))
        guard let made = celery_maria_connect(&terms, &code, &problem) else {
            let reason = problem.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } } ?? ""
            throw MariaDBErrors.opening(code: code, reason.inOneLine(limit: 400), at: server.location)
        }
        return made
    }

    func schemaMark() -> Int64 { mark }

    func close() {
        if let handle { celery_maria_close(handle) }
        handle = nil
    }

    // MARK: Statements

    @discardableResult
    func execute(_ sql: String, _ values: [SQLValue]) throws -> Int {
        let handle = try run(sql, values)
        // Rows nobody asked for.
        if let result = celery_maria_result(handle) { celery_maria_free(result) }
        return max(0, Int(clamping: celery_maria_changes(handle)))
    }

    func rows(_ sql: String, _ values: [SQLValue]) throws -> [[SQLValue]] {
        let handle = try run(sql, values)
        guard let result = celery_maria_result(handle) else {
            let code = celery_maria_code(handle)
            if code == 0 { return [] }
            throw failure(code, handle)
        }
        defer { celery_maria_free(result) }
        let columns = Int(celery_maria_columns(result))
        var rows: [[SQLValue]] = []
        var values: UnsafePointer<UnsafePointer<CChar>?>?
        var lengths: UnsafePointer<UInt>?
        while celery_maria_next(result, &values, &lengths) == 1, let values, let lengths {
            rows.append(
                (0..<columns).map { column in
                    guard let start = values[column] else { return .null }
                    // Whether it is text, its reader knows.
                    return .blob(Array(UnsafeRawBufferPointer(start: start, count: Int(lengths[column]))))
                })
        }
        return rows
    }

    private func run(_ sql: String, _ values: [SQLValue]) throws(SQLError) -> UnsafeMutableRawPointer {
        guard let handle else { throw SQLError.closed }
        let statement = MariaDBStatement.bytes(sql, values)
        // The server would end the connection.
        guard statement.count < statementLimit else {
            throw SQLError(
                .tooLarge,
                "a statement of \(statement.count) bytes, twice what is to be stored, is longer than the server takes: \(statementLimit) (max_allowed_packet)")
        }
        let code = statement.withUnsafeBytes { bytes in
            bytes.baseAddress.map { celery_maria_query(handle, $0, bytes.count) } ?? 0
        }
        if code != 0 { throw failure(code, handle) }
        return handle
    }

    private func failure(_ code: UInt32, _ handle: UnsafeMutableRawPointer) -> SQLError {
        // The text of a server may quote what was sent, and goes to a terminal.
        let error = MariaDBErrors.error(code: code, String(cString: celery_maria_message(handle)).inOneLine(limit: 300))
        // Whoever knew the columns has to look again.
        if error.code == .schema { mark = Self.marks.add(1, ordering: .relaxed).newValue }
        if error.code == .lost { close() }
        return error
    }
}

extension Duration {
    /// Rounded up, at least one: for limits in seconds.
    fileprivate var wholeSeconds: UInt32 {
        let (seconds, attoseconds) = components
        return UInt32(clamping: max(1, seconds + (attoseconds > 0 ? 1 : 0)))
    }
}

/// What the text of a server's version says.
enum MariaDBVersion {
    /// MariaDB has sequences since 10.3, and SQLAlchemy uses them from then on. Behind `5.5.5-` stands the version for those who
    /// would not believe in one with two digits.
    static func hasSequences(_ text: String) -> Bool {
        guard text.lowercased().contains(text: "mariadb") else { return false }
        let version = text.hasPrefix("5.5.5-") ? text.dropFirst("5.5.5-".count) : text[...]
        let numbers = version.prefix { $0.isNumber || $0 == "." }.split(separator: ".").compactMap { Int($0) }
        guard numbers.count >= 2 else { return false }
        return (numbers[0], numbers[1]) >= (10, 3)
    }
}
