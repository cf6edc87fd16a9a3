import CeleryCore
import SQLite

/// The damage that SQLite finds in a database file.
///
/// See sqlite.org/pragma.html#pragma_quick_check.
struct DamageReport: Sendable {
    private let complaints: [String]

    /// Maximum number of complaints.
    private static let limit = 5

    /// Reads the whole file, in a reading transaction.
    init(in db: Database) throws {
        let lines = try String.fetchAll(db, sql: "PRAGMA quick_check(\(Self.limit))").flatMap { $0.split(separator: "\n") }
        complaints = lines.filter { $0 != "ok" && !$0.hasPrefix("***") }.prefix(Self.limit).map(String.init)
    }

    /// The error to report; `nil` when the file is intact.
    func error(_ path: String) -> DriverError? {
        guard !complaints.isEmpty else { return nil }
        return DriverError(
            .unusable, "database \(path) is damaged: \(complaints.joined(separator: "; "))",
            hint: "put a copy of the file in its place, or save what can be read: sqlite3 \(path) .recover")
    }
}
