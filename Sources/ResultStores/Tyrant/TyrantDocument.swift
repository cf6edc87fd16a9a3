import CeleryCore

/// A document with the time at which it was stored as its first member: the server tells no times, and cleaning up has to find them
/// without reading what may be megabytes as JSON.
enum TyrantDocument {
    private static let start = Array("{\"date_stored\": ".utf8)

    /// - Parameter document: An object with at least one member.
    static func dated(_ document: [UInt8], _ time: Timestamp) -> [UInt8] {
        start + JSON.double(time.seconds).bytes(style: .python) + Array(", ".utf8) + document.dropFirst()
    }

    /// Seconds since 1970 at which a value was stored, or a task-set was made; `nil` for a value of another program.
    static func date(of value: [UInt8]) -> Double? {
        guard value.starts(with: start) else { return GroupDocument.created(inHead: value) }
        return Double(String(decoding: value.dropFirst(start.count).prefix { $0 != UInt8(ascii: ",") }, as: UTF8.self))
    }
}
