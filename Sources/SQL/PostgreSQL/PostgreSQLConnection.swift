import CeleryCore
import CPostgreSQL
import Glibc
import Synchronization

/// A connection to a PostgreSQL server by libpq. Confined to the queue or thread that uses it; every wait has an end, since
/// libpq itself never waits here.
final class PostgreSQLConnection: SQLArrayConnection {
    let dialect = SQLDialect(.postgreSQL)
    private let location: String
    /// For how long the server may be silent while it owes an answer.
    private let patience: Duration
    private var handle: UnsafeMutableRawPointer?
    private var mark: Int64

    /// Marks of connections differ: another server may answer the next one.
    private static let marks = Atomic<Int64>(0)

    var isLost: Bool { handle.map { celery_pq_is_fine($0) == 0 } ?? true }
    /// The socket, for poll(2); -1 without a connection.
    var descriptor: Int32 { handle.map { celery_pq_socket($0) } ?? -1 }

    /// Connects and logs in. Blocks, for at most the server's `connectTimeout`; looking up a host name may take longer.
    init(_ server: PostgreSQLServer, patience: Duration) throws(SQLError) {
        location = server.location
        self.patience = patience
        mark = Self.marks.add(1, ordering: .relaxed).newValue
        if let reason = celery_pq_load() {
            throw SQLError(.libraryMissing("libpq5"), "PostgreSQL needs the library libpq, which cannot be loaded: \(String(cString: reason))")
        }
        handle = Self.start(server.parameters)
        guard let handle else { throw SQLError(.unreachable, "cannot reach \(location): out of memory") }
        do throws(SQLError) {
            try open(handle, until: .now + server.connectTimeout)
            guard celery_pq_set_nonblocking(handle) == 1 else { throw SQLError(.lost, message) }
        } catch {
            close()
            throw error
        }
    }

    deinit { close() }

    private static func start(_ parameters: [String: String]) -> UnsafeMutableRawPointer? {
        let sorted = parameters.sorted { $0.key < $1.key }
        let texts = (sorted.map(\.key) + sorted.map(\.value)).map { strdup($0) }
        defer { for text in texts { free(text) } }
        let keywords = texts.prefix(sorted.count).map { UnsafePointer($0) } + [nil]
        let values = texts.suffix(sorted.count).map { UnsafePointer($0) } + [nil]
        return celery_pq_start(keywords, values)
    }

    private func open(_ handle: UnsafeMutableRawPointer, until deadline: ContinuousClock.Instant) throws(SQLError) {
        var waits = Int32(CELERY_PQ_POLL_WRITING)
        while waits != Int32(CELERY_PQ_POLL_OK) {
            let socket = celery_pq_socket(handle)
            guard waits != Int32(CELERY_PQ_POLL_FAILED), socket >= 0 else {
                throw PostgreSQLErrors.opening(
                    message, at: location, needsPassword: celery_pq_needs_password(handle) == 1,
                    usedPassword: celery_pq_used_password(handle) == 1)
            }
            let events = waits == Int32(CELERY_PQ_POLL_READING) ? POLLIN : POLLOUT
            guard DescriptorWait.poll(socket, Int16(events), until: deadline) else {
                throw SQLError(.unreachable, "cannot reach \(location): no answer in time")
            }
            waits = celery_pq_poll(handle)
        }
    }

    /// What libpq last complained about: it has a line for each attempt, with TLS and without, and for each address.
    private var message: String {
        guard let handle else { return "the connection is closed" }
        let lines = String(cString: celery_pq_message(handle)).split(separator: "\n").map { $0.inOneLine(limit: 300) }
        return lines.distinct.joined(separator: "; ")
    }

    func schemaMark() -> Int64 { mark }

    func close() {
        if let handle { celery_pq_finish(handle) }
        handle = nil
    }

    // MARK: Statements

    @discardableResult
    func execute(_ sql: String, _ values: [SQLValue]) throws -> Int { try run(sql, PostgreSQLParameters(values)).changes }

    func execute(_ sql: String, rows: [[SQLValue]]) throws {
        _ = try run(sql, dialect.takesArrays(rows: rows.count) ? PostgreSQLParameters(columnsOf: rows) : PostgreSQLParameters(rows.flatMap { $0 }))
    }

    func rows(_ sql: String, _ values: [SQLValue]) throws -> [[SQLValue]] { try run(sql, PostgreSQLParameters(values)).rows }

    @discardableResult
    func execute(_ sql: String, arrays: [[SQLValue]], _ values: [SQLValue]) throws -> Int {
        try run(sql, PostgreSQLParameters(arrays: arrays, values)).changes
    }

    func rows(_ sql: String, arrays: [[SQLValue]], _ values: [SQLValue]) throws -> [[SQLValue]] {
        try run(sql, PostgreSQLParameters(arrays: arrays, values)).rows
    }

    private struct Answer {
        var rows: [[SQLValue]] = []
        var changes = 0
    }

    private func run(_ sql: String, _ parameters: PostgreSQLParameters) throws(SQLError) -> Answer {
        guard let handle else { throw SQLError.closed }
        do throws(SQLError) {
            try parameters.send(sql, to: handle)
            try flush(handle)
            var answer = Answer()
            var failure: SQLError?
            // The result of the statement, and then nothing: only so may the next one be sent.
            while let result = try next(handle) {
                defer { celery_pq_clear(result) }
                switch celery_pq_status(result) {
                case Int32(CELERY_PQ_COMMAND_OK), Int32(CELERY_PQ_TUPLES_OK), Int32(CELERY_PQ_EMPTY_QUERY):
                    answer.changes = Int(String(cString: celery_pq_changes(result))) ?? 0
                    answer.rows = PostgreSQLRows.read(result)
                default: failure = failure ?? PostgreSQLErrors.failure(of: result, message: message)
                }
            }
            if let failure { throw failure }
            return answer
        } catch {
            // Whoever knew the columns has to look again.
            if error.code == .schema { mark = Self.marks.add(1, ordering: .relaxed).newValue }
            if error.code == .lost { close() }
            throw error
        }
    }

    private func flush(_ handle: UnsafeMutableRawPointer) throws(SQLError) {
        while true {
            switch celery_pq_flush(handle) {
            case 0: return
            case 1:
                // A server that does not read until its own words are read is read from.
                try wait(Int16(POLLIN | POLLOUT))
                guard celery_pq_consume(handle) == 1 else { throw SQLError(.lost, message) }
            default: throw SQLError(.lost, message)
            }
        }
    }

    private func next(_ handle: UnsafeMutableRawPointer) throws(SQLError) -> UnsafeMutableRawPointer? {
        while celery_pq_is_busy(handle) == 1 {
            try wait(Int16(POLLIN))
            guard celery_pq_consume(handle) == 1 else { throw SQLError(.lost, message) }
        }
        return celery_pq_result(handle)
    }

    private func wait(_ events: Int16) throws(SQLError) {
        guard DescriptorWait.poll(descriptor, events, until: .now + patience) else {
            throw SQLError(.lost, "the server at \(location) is silent")
        }
    }

    // MARK: Notices

    /// Takes what has come since the last call, without waiting: the texts of notices.
    func notices() throws(SQLError) -> [String] {
        guard let handle else { throw SQLError.closed }
        guard celery_pq_consume(handle) == 1 else {
            let error = SQLError(.lost, message)
            close()
            throw error
        }
        var texts: [String] = []
        while let text = celery_pq_notice(handle) {
            texts.append(String(cString: text))
            celery_pq_free(text)
        }
        return texts
    }
}
