import SQLite


// After a burst of messages most pages of the file are free: SQLite uses them again, and keeps them meanwhile. Files that
// were made with `auto_vacuum = INCREMENTAL` can give them back, a few at a time; see sqlite.org/pragma.html#pragma_auto_vacuum.
extension DatabaseFile {
    /// How much of the file is free.
    package struct Space: Sendable, Equatable {
        package var pages: Int
        package var freePages: Int
        /// Whether free pages can be given back.
        package var canShrink: Bool

        /// Whether it is worth the work: a queue that fills and empties all day uses its free pages itself.
        package var isWasted: Bool { canShrink && freePages >= 256 && freePages * 4 >= pages }
    }

    /// What "PRAGMA auto_vacuum" says of a file that can shrink.
    private static let incremental = 2

    package func space() async throws -> Space {
        try await read { db in
            Space(
                pages: try Int.fetchOne(db, sql: "PRAGMA page_count") ?? 0,
                freePages: try Int.fetchOne(db, sql: "PRAGMA freelist_count") ?? 0,
                canShrink: try Int.fetchOne(db, sql: "PRAGMA auto_vacuum") == Self.incremental)
        }
    }

    /// Gives free pages back to the file system, some at a time, until there are none.
    ///
    /// - Parameter deadline: ends it earlier, as does anybody who waits for a turn to write; `nil` lets others write in
    ///   between.
    package func giveBackSpace(until deadline: ContinuousClock.Instant? = nil) async throws {
        var size = PieceSize()
        var total = 0
        while true {
            if let deadline {
                if deadline <= .now || isAwaited { break }
            } else {
                try await letOthersWrite()
            }
            let (count, duration) = try await write(durable: false) { [size] db in
                let start = ContinuousClock.now
                let before = try Int.fetchOne(db, sql: "PRAGMA freelist_count") ?? 0
                // Each step of the statement frees one page.
                _ = try Row.fetchAll(db, sql: "PRAGMA incremental_vacuum(\(size.rows))")
                let after = try Int.fetchOne(db, sql: "PRAGMA freelist_count") ?? 0
                return (before - after, ContinuousClock.now - start)
            }
            size.note(duration)
            total += count
            if count <= 0 { break }
        }
        // The file itself becomes shorter when the WAL is written back to it.
        if total > 0 { try await writeBack() }
    }
}
