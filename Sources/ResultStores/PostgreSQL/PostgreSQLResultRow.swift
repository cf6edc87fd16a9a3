import CeleryCore
import SQL
import Wire

/// A row of the table `celery_result`: Celery's extended meta document, with our additions, and the message that asked for it.
struct PostgreSQLResultRow: Sendable {
    static let schema = [
        """
        CREATE TABLE celery_result (
            id TEXT COLLATE "C" PRIMARY KEY,
            -- when it was last changed, and in what order: 256 for each microsecond since 1970 (number >> 8)
            number BIGINT NOT NULL,
            state TEXT NOT NULL,
            attempt INTEGER NOT NULL,
            -- Unix seconds; NULL stores it for ever
            expires DOUBLE PRECISION,
            -- Celery's meta document, extended, as JSON
            document TEXT NOT NULL,
            -- what a list shows; member_of is the group header of the message, which may be a task-set
            task TEXT, queue TEXT, member_of TEXT,
            submitted DOUBLE PRECISION,
            -- the message; NULL when its arguments are not kept
            headers TEXT, properties TEXT, body BYTEA
        )
        """,
        // An expression, so that only a list of all tasks is read along this index: of one that selects states, tasks or queues the
        // server would hope to meet enough of them soon, and pass a million others.
        "CREATE INDEX celery_result_number ON celery_result ((number + 0))",
        "CREATE INDEX celery_result_state ON celery_result (state, number)",
        "CREATE INDEX celery_result_task ON celery_result (task, number)",
        "CREATE INDEX celery_result_queue ON celery_result (queue, number)",
        "CREATE INDEX celery_result_member_of ON celery_result (member_of) WHERE member_of IS NOT NULL",
        "CREATE INDEX celery_result_expires ON celery_result (expires) WHERE expires IS NOT NULL",
    ]

    let id: String
    let state: TaskState
    let attempt: Int
    private(set) var memberOf: String?
    private var number: Int64
    private let expires: Double?
    private let document: String
    private var task: String?
    private var queue: String?
    private var submitted: Double?
    private var request: EncodedMessage?

    /// The longest id, in bytes: an index has no room for more than 2,704.
    private static let idLimit = 2_000
    /// The same for names, which are shortened in the columns that a list is selected by.
    private static let nameLimit = 1_000

    /// - Parameters:
    ///   - limit: The size in bytes up to which the arguments of a message are kept.
    ///   - number: Greater than that of results that were stored before.
    /// - Throws: `DriverError.refused` for an id that the table cannot take.
    init(_ result: TaskResult, keeping limit: Int, expires: Double?, number: Int64, of location: String) throws {
        id = result.id.text
        guard id.utf8.count <= Self.idLimit, !id.utf8.contains(0) else {
            throw DriverError(
                .refused, "\(location) takes ids of at most \(Self.idLimit) bytes, without NULs; this one has \(id.utf8.count)", subject: result.id)
        }
        state = result.state
        guard Self.column(state.name) == state.name else {
            throw DriverError(.refused, "the state of \(result.id) is too long for \(location), or has a NUL in it", subject: result.id)
        }
        (attempt, self.expires, self.number) = (result.attempt, expires, number)
        document = String(decoding: KeptResult.document(of: result).bytes(style: .python), as: UTF8.self)
        (task, queue) = (result.task.map(Self.column), result.queue.map(Self.column))
        // An id that does not fit is none of a set.
        memberOf = result.groupID.flatMap { Self.column($0) == $0 ? $0 : nil }
        submitted = result.submitted?.seconds
        request = result.request.map(EncodedMessage.init).flatMap { $0.body.count <= limit ? $0 : nil }
    }

    /// A name as its column has it.
    static func column(_ name: String) -> String {
        guard name.utf8.count > nameLimit || name.utf8.contains(0) else { return name }
        var shortened = name.unicodeScalars.map { $0.value == 0 ? "\u{FFFD}" : $0 }
        var size = shortened.reduce(0) { $0 + UTF8.width($1) }
        while size > nameLimit, let last = shortened.popLast() { size -= UTF8.width(last) }
        return String(String.UnicodeScalarView(shortened))
    }

    // MARK: Several of one task

    /// One row for each task, by id: of several results of one, what would have come of storing them in this order.
    ///
    /// Two who store the same results so take them in the same order, and neither waits for the other.
    static func folded(_ rows: [PostgreSQLResultRow]) -> [PostgreSQLResultRow] {
        var places: [String: Int] = [:]
        var folded: [PostgreSQLResultRow] = []
        for row in rows {
            guard let place = places[row.id] else {
                places[row.id] = folded.count
                folded.append(row)
                continue
            }
            if folded[place].gives(wayTo: row) { folded[place] = row.after(folded[place]) }
        }
        return folded.sorted { $0.id.utf8.lexicographicallyPrecedes($1.id.utf8) }
    }

    /// Whether a later result replaces this one: what `keepsNewest` says in SQL.
    private func gives(wayTo later: PostgreSQLResultRow) -> Bool {
        attempt <= later.attempt && (!state.isReady || attempt == 0 && later.attempt > 0)
    }

    /// The row with what only an earlier result of the task has.
    private func after(_ earlier: PostgreSQLResultRow) -> PostgreSQLResultRow {
        var row = self
        row.task = task ?? earlier.task
        row.queue = queue ?? earlier.queue
        row.memberOf = earlier.memberOf ?? memberOf
        row.submitted = earlier.submitted ?? submitted
        row.request = request ?? earlier.request
        return row
    }

    /// When a row stays as it is: it is final or of a later attempt. A final one of attempt 0 was announced by the client that revoked
    /// the task (`RevocationAnnouncing`).
    private static let keepsNewest = """
        r.attempt <= excluded.attempt
            AND (r.state NOT IN ('SUCCESS', 'FAILURE', 'REVOKED') OR r.attempt = 0 AND excluded.attempt > 0)
        """

    // MARK: Storing

    /// Bytes of values, about.
    var size: Int { document.utf8.count + (request?.body.count ?? 0) + (request?.headers.count ?? 0) + 200 }

    private static let columns = [
        "id", "number", "state", "attempt", "expires", "document", "task", "queue", "member_of", "submitted", "headers", "properties", "body",
    ]

    private var values: [SQLValue] {
        [
            .text(id), .integer(number), .text(state.name), .integer(Int64(attempt)), SQLValue(seconds: expires), .text(document),
            SQLValue(text: task), SQLValue(text: queue), SQLValue(text: memberOf), SQLValue(seconds: submitted),
            SQLValue(text: (request?.headers).map { String(decoding: $0, as: UTF8.self) }),
            SQLValue(text: (request?.properties).map { String(decoding: $0, as: UTF8.self) }), (request?.body).map(SQLValue.blob) ?? .null,
        ]
    }

    private static let upsert = """
        INSERT INTO celery_result AS r (\(columns.joined(separator: ", ")))
        SELECT id, number::bigint, state, attempt::integer, expires::double precision, document, task, queue, member_of, \
        submitted::double precision, headers, properties, body::bytea
        FROM unnest(\(SQLDialect(.postgreSQL).parameters(columns.count))) AS given (\(columns.joined(separator: ", ")))
        ON CONFLICT (id) DO UPDATE SET
            number = excluded.number, state = excluded.state, attempt = excluded.attempt, expires = excluded.expires, document = excluded.document,
            task = coalesce(excluded.task, r.task), queue = coalesce(excluded.queue, r.queue),
            -- one that was put out of its set stays out; whoever announced a revocation did not know the set
            member_of = CASE WHEN r.attempt = 0 THEN coalesce(r.member_of, excluded.member_of) ELSE r.member_of END,
            submitted = coalesce(r.submitted, excluded.submitted),
            headers = coalesce(excluded.headers, r.headers),
            properties = CASE WHEN excluded.body IS NULL THEN r.properties ELSE excluded.properties END,
            body = coalesce(excluded.body, r.body)
        WHERE \(keepsNewest)
        """

    /// Stores rows of different tasks by one statement.
    static func store(_ rows: ArraySlice<PostgreSQLResultRow>, in db: any SQLArrayConnection) throws {
        try db.execute(upsert, arrays: arrays(rows))
    }

    /// The same, within a transaction.
    ///
    /// - Returns: Those that were stored: the id, the group that the row is a member of, and whether it is new.
    static func storeTelling(
        _ rows: ArraySlice<PostgreSQLResultRow>, in db: any SQLArrayConnection
    ) throws -> [(id: String, memberOf: String?, isNew: Bool)] {
        // A row that was changed bears the lock of the transaction that did it.
        try db.rows(upsert + "\nRETURNING id, member_of, xmax = 0", arrays: arrays(rows)).compactMap { row in
            row[0].text.map { ($0, row[1].text, row[2] == .integer(1)) }
        }
    }

    private static func arrays(_ rows: ArraySlice<PostgreSQLResultRow>) -> [[SQLValue]] {
        let all = rows.map(\.values)
        return columns.indices.map { column in all.map { $0[column] } }
    }
}

extension SQLValue {
    /// A number with a fraction, as the server reads it.
    init(seconds: Double?) { self = seconds.map { .text("\($0)") } ?? .null }

    /// Unix seconds; also a number with a fraction that was asked for as text.
    var seconds: Double? { text.flatMap { Double($0) } }
}
