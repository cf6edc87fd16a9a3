import CMicroHTTPD

/// A request that is to be answered: keeps it in the library until then.
final class WebExchange: Sendable {
    /// The request's pointer. The library guards what is behind it by a lock of its own.
    private let bits: UInt

    init(_ pointer: UnsafeMutableRawPointer) {
        bits = UInt(bitPattern: pointer)
        celery_web_keep(pointer)
    }

    deinit { celery_web_release(pointer) }

    private var pointer: UnsafeMutableRawPointer { UnsafeMutableRawPointer(bitPattern: bits)! }

    /// Answers with bytes. A second answer is ignored.
    func answer(_ status: Int, _ headers: [WebField], _ body: [UInt8]) {
        Self.withFields(headers) { fields, count in
            body.withUnsafeBytes { celery_web_answer(pointer, UInt32(status), fields, count, $0.baseAddress, $0.count) }
        }
    }

    /// Answers with a stream, to be followed by `write` and `end`.
    func beginStream(_ status: Int, _ headers: [WebField]) {
        Self.withFields(headers) { fields, count in celery_web_begin_stream(pointer, UInt32(status), fields, count) }
    }

    func write(_ bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBytes { $0.baseAddress.map { celery_web_write(pointer, $0, bytes.count) != 0 } ?? true }
    }

    func end() { celery_web_end_stream(pointer) }

    /// Header lines for C. A value with a line break would be another header line, and is left out.
    static func withFields<Value>(_ headers: [WebField], _ body: (UnsafePointer<celery_web_field>?, Int) -> Value) -> Value {
        var texts: [UInt8] = []
        texts.reserveCapacity(1_024)
        var places: [(Int, Int)] = []
        for field in headers where isSafe(field.name) && isSafe(field.value) {
            places.append((add(field.name, to: &texts), add(field.value, to: &texts)))
        }
        return texts.withUnsafeBytes { texts in
            guard let base = texts.baseAddress?.assumingMemoryBound(to: CChar.self) else { return body(nil, 0) }
            let fields = places.map { celery_web_field(name: base + $0.0, value: base + $0.1) }
            return fields.withUnsafeBufferPointer { body($0.baseAddress, $0.count) }
        }
    }

    private static func isSafe(_ text: String) -> Bool { text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F } }

    /// Adds a text and its NUL.
    ///
    /// - Returns: Where it begins.
    private static func add(_ text: String, to texts: inout [UInt8]) -> Int {
        let start = texts.count
        texts.append(contentsOf: text.utf8)
        texts.append(0)
        return start
    }
}
