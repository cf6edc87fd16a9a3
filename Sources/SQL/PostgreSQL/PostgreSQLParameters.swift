import CeleryCore
import CPostgreSQL

/// The values of a statement as libpq takes them: bytes as they are, all else as text, whose type the server finds out from where
/// the parameter stands.
struct PostgreSQLParameters {
    private var types: [UInt32] = []
    private var lengths: [Int32] = []
    private var formats: [Int32] = []
    /// All values one after the other, each with a final zero.
    private var bytes: [UInt8] = []
    /// Where each value begins; `nil` for NULL.
    private var starts: [Int?] = []

    /// - Throws: `SQLError.Code.refused` for a text with a NUL, which the server cannot store.
    init(_ values: [SQLValue]) throws(SQLError) { try add(values) }

    /// The columns of rows as one array each: of bytes if one of its values is, otherwise of texts.
    ///
    /// - Throws: As above.
    init(columnsOf rows: [[SQLValue]]) throws(SQLError) {
        bytes.reserveCapacity(rows.reduce(0) { $0 + $1.reduce(0) { $0 + $1.size + 5 } })
        for column in 0..<(rows.first?.count ?? 0) { try add(array: rows.lazy.map { $0[column] }) }
    }

    /// Arrays, and after them single values.
    ///
    /// - Throws: As above.
    init(arrays: [[SQLValue]], _ values: [SQLValue]) throws(SQLError) {
        bytes.reserveCapacity(arrays.reduce(0) { $0 + $1.reduce(20) { $0 + $1.size + 5 } })
        for array in arrays { try add(array: array) }
        try add(values)
    }

    /// One array: of bytes if one of its values is, otherwise of texts.
    private mutating func add(array: some Collection<SQLValue>) throws(SQLError) {
        let holdsBytes = array.contains { if case .blob = $0 { true } else { false } }
        let start = bytes.count
        starts.append(start)
        types.append(UInt32(holdsBytes ? CELERY_PQ_BYTEA_ARRAY : CELERY_PQ_TEXT_ARRAY))
        formats.append(1)
        // One dimension, with NULLs, the type of its elements, their number and the index of the first: array_send of the server.
        for number in [1, 1, holdsBytes ? CELERY_PQ_BYTEA : CELERY_PQ_TEXT, array.count, 1] { add(number: number) }
        for value in array {
            switch value {
            case .null: add(number: -1)
            case .integer(let number): add(element: "\(number)".utf8)
            case .text(let text): add(element: try Self.plain(text))
            case .blob(let blob): add(element: blob)
            }
        }
        lengths.append(Int32(bytes.count - start))
    }

    private static func plain(_ text: String) throws(SQLError) -> String.UTF8View {
        guard !text.utf8.contains(0) else { throw SQLError(.refused, "a text has a NUL in it, which PostgreSQL cannot store") }
        return text.utf8
    }

    private mutating func add(number: Int) {
        withUnsafeBytes(of: Int32(truncatingIfNeeded: number).bigEndian) { bytes.append(contentsOf: $0) }
    }

    private mutating func add(element: some Collection<UInt8>) {
        add(number: element.count)
        bytes.append(contentsOf: element)
    }

    private mutating func add(_ values: [SQLValue]) throws(SQLError) {
        bytes.reserveCapacity(values.reduce(bytes.count) { $0 + ($1.size + 1) })
        for value in values {
            switch value {
            case .null: add(nil, type: 0, format: 0)
            case .integer(let number): add("\(number)".utf8, type: 0, format: 0)
            case .text(let text): add(try Self.plain(text), type: 0, format: 0)
            case .blob(let blob): add(blob, type: UInt32(CELERY_PQ_BYTEA), format: 1)
            }
        }
    }

    private mutating func add(_ value: (some Collection<UInt8>)?, type: UInt32, format: Int32) {
        types.append(type)
        formats.append(format)
        lengths.append(Int32(value?.count ?? 0))
        starts.append(value == nil ? nil : bytes.count)
        guard let value else { return }
        bytes.append(contentsOf: value)
        bytes.append(0)
    }

    private mutating func add(_ value: Never?, type: UInt32, format: Int32) { add([UInt8]?.none, type: type, format: format) }

    /// Gives the statement to libpq, which copies it.
    func send(_ sql: String, to handle: UnsafeMutableRawPointer) throws(SQLError) {
        let isTaken = bytes.withUnsafeBufferPointer { buffer in
            let values = starts.map { start in
                start.flatMap { start in
                    buffer.baseAddress.map { UnsafeRawPointer($0 + start).assumingMemoryBound(to: CChar.self) }
                }
            }
            return celery_pq_send(handle, sql, Int32(starts.count), types, values, lengths, formats) == 1
        }
        guard isTaken else { throw SQLError(.lost, String(cString: celery_pq_message(handle)).inOneLine(limit: 400)) }
    }
}

extension SQLValue {
    /// Bytes of the value, about.
    package var size: Int {
        switch self {
        case .null: 0
        case .integer: 8
        case .text(let text): text.utf8.count
        case .blob(let bytes): bytes.count
        }
    }
}
