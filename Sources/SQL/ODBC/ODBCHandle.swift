import CeleryCore
import CODBC

/// A connection of the driver manager. Confined to the queue of its `ODBCConnection`; calls block.
final class ODBCHandle {
    private var handle: UnsafeMutableRawPointer?

    /// Connects: SQLDriverConnect.
    ///
    /// - Parameter text: The connection string, with the password.
    init(_ text: String, loginTimeout: Duration, at location: String) throws(SQLError) {
        if let reason = celery_odbc_load() {
            throw SQLError(.libraryMissing("libodbc2"), "Oracle is reached by ODBC, whose library libodbc cannot be loaded: \(String(cString: reason))")
        }
        var failure = celery_odbc_failure()
        let units = Array(text.utf16)
        handle = celery_odbc_connect(units, units.count, UInt32(clamping: max(1, loginTimeout.components.seconds)), &failure)
        if handle == nil { throw ODBCErrors.opening(Self.said(failure), at: location) }
    }

    deinit { close() }

    func close() {
        if let handle { celery_odbc_close(handle) }
        handle = nil
    }

    private static func said(_ failure: celery_odbc_failure) -> ODBCErrors.Said {
        func text<Tuple>(_ tuple: Tuple) -> String {
            withUnsafeBytes(of: tuple) { bytes in String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self) }
        }
        return ODBCErrors.Said(state: text(failure.state), number: Int(failure.native), reason: text(failure.reason))
    }

    private func open() throws(SQLError) -> UnsafeMutableRawPointer {
        guard let handle else { throw SQLError.closed }
        return handle
    }

    // MARK: Transactions

    /// Begins a transaction: SQLSetConnectAttr.
    func begin() throws(SQLError) { try autocommit(false) }

    /// Ends a transaction: SQLEndTran.
    func end(commits: Bool) throws(SQLError) {
        var failure = celery_odbc_failure()
        guard celery_odbc_end(try open(), commits ? 1 : 0, &failure) == 1 else { throw ODBCErrors.error(Self.said(failure)) }
        try autocommit(true)
    }

    private func autocommit(_ isOn: Bool) throws(SQLError) {
        var failure = celery_odbc_failure()
        guard celery_odbc_autocommit(try open(), isOn ? 1 : 0, &failure) == 1 else { throw ODBCErrors.error(Self.said(failure)) }
    }

    // MARK: Statements

    /// - Returns: The number of rows that it inserted, changed or deleted.
    func execute(_ sql: String, _ values: [SQLValue]) throws(SQLError) -> Int {
        let statement = try run(sql, values)
        defer { celery_odbc_free(statement) }
        return max(0, celery_odbc_changes(statement))
    }

    func rows(_ sql: String, _ values: [SQLValue]) throws(SQLError) -> [[SQLValue]] {
        let statement = try run(sql, values)
        defer { celery_odbc_free(statement) }
        let count = celery_odbc_columns(statement)
        guard count > 0 else { return [] }
        let areBytes = (1...count).map { celery_odbc_is_binary(statement, $0) == 1 }
        var failure = celery_odbc_failure()
        var rows: [[SQLValue]] = []
        while true {
            switch celery_odbc_next(statement, &failure) {
            case 1: rows.append(try row(statement, areBytes))
            case 0: return rows
            default: throw ODBCErrors.error(Self.said(failure))
            }
        }
    }

    /// Bytes that are read at once.
    private static let part = 64 << 10

    private func row(_ statement: UnsafeMutableRawPointer, _ areBytes: [Bool]) throws(SQLError) -> [SQLValue] {
        var row: [SQLValue] = []
        for (index, isBytes) in areBytes.enumerated() {
            var failure = celery_odbc_failure()
            var all: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: Self.part)
            reading: while true {
                var count = 0
                let outcome = buffer.withUnsafeMutableBytes { buffer in
                    celery_odbc_read(statement, Int32(index + 1), isBytes ? 1 : 0, buffer.baseAddress!, buffer.count, &count, &failure)
                }
                all += buffer[..<count]
                switch outcome {
                case 1: continue
                case 0:
                    row.append(isBytes ? .blob(all) : .text(Self.text(all)))
                    break reading
                case 2:
                    row.append(.null)
                    break reading
                default: throw ODBCErrors.error(Self.said(failure))
                }
            }
        }
        return row
    }

    /// The text in UTF-16.
    private static func text(_ bytes: [UInt8]) -> String {
        let units = stride(from: 0, to: bytes.count - bytes.count % 2, by: 2).map { UInt16(bytes[$0]) | UInt16(bytes[$0 + 1]) << 8 }
        return String(decoding: units, as: UTF16.self)
    }

    private func run(_ sql: String, _ values: [SQLValue]) throws(SQLError) -> UnsafeMutableRawPointer {
        let handle = try open()
        let stored = values.map { value -> [UInt8] in
            switch value {
            case .text(let text): text.utf16.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)] }
            case .blob(let bytes): bytes
            case .null, .integer: []
            }
        }
        var failure = celery_odbc_failure()
        let statement = Self.pointing(stored) { starts in
            let all = zip(values, zip(stored, starts)).map { value, place -> celery_odbc_value in
                var item = celery_odbc_value(kind: CELERY_ODBC_NULL, bytes: place.1, length: place.0.count, number: 0)
                switch value {
                case .null: break
                case .integer(let number): (item.kind, item.number) = (CELERY_ODBC_INTEGER, number)
                case .text: item.kind = CELERY_ODBC_TEXT
                case .blob: item.kind = CELERY_ODBC_BYTES
                }
                return item
            }
            return celery_odbc_run(handle, sql, all, all.count, &failure)
        }
        guard let statement else {
            let said = Self.said(failure)
            // PostgreSQL's driver has no state of its own for this.
            throw ODBCErrors.error(said, isOver: celery_odbc_is_dead(handle) == 1)
        }
        return statement
    }

    /// Runs `body` with pointers to the bytes of each value.
    private static func pointing<Value>(_ values: [[UInt8]], _ body: ([UnsafeRawPointer?]) -> Value) -> Value {
        // One block for all, in which each value has its place; units of UTF-16 begin at even ones.
        var block: [UInt8] = []
        var places: [Int] = []
        for value in values {
            places.append(block.count)
            block += value
            if block.count % 2 == 1 { block.append(0) }
        }
        block += [0, 0]
        return block.withUnsafeBytes { bytes in
            let starts = places.map { place in bytes.baseAddress.map { $0 + place } }
            return body(starts)
        }
    }
}
