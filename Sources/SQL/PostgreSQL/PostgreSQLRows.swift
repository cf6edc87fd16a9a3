import CPostgreSQL

/// The rows of a result in binary format.
enum PostgreSQLRows {
    static func read(_ result: UnsafeMutableRawPointer) -> [[SQLValue]] {
        let columns = 0..<celery_pq_columns(result)
        let types = columns.map { celery_pq_type(result, $0) }
        return (0..<celery_pq_rows(result)).map { row in
            columns.map { column in
                var length = 0
                guard let start = celery_pq_value(result, row, column, &length) else { return .null }
                return value(UnsafeRawBufferPointer(start: start, count: length), type: types[Int(column)])
            }
        }
    }

    /// - Parameter type: The server's number of the type. What is not listed is sent as text, or was asked for as text.
    static func value(_ bytes: UnsafeRawBufferPointer, type: UInt32) -> SQLValue {
        switch Int(type) {
        case CELERY_PQ_BYTEA: .blob(Array(bytes))
        case CELERY_PQ_INT2 where bytes.count == 2, CELERY_PQ_INT4 where bytes.count == 4, CELERY_PQ_INT8 where bytes.count == 8:
            // Signed, in network byte order.
            .integer(bytes.dropFirst().reduce(Int64(Int8(bitPattern: bytes[0]))) { $0 << 8 | Int64($1) })
        case CELERY_PQ_BOOL: .integer(bytes.first == 0 ? 0 : 1)
        default: .text(String(decoding: bytes, as: UTF8.self))
        }
    }
}
