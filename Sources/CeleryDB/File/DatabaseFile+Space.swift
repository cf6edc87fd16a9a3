import SQLite


// After a burst of messages most pages of the file are free, and SQLite reuses them. Files created with `auto_vacuum = INCREMENTAL`
// can also return free pages to the file system, a few at a time; see sqlite.org/pragma.html#pragma_auto_vacuum.
extension DatabaseFile {
    /// The free space in the file.
    package struct Space: Sendable, Equatable {
        package var pages: Int
        package var freePages: Int
        /// Whether free pages can be returned.
        package var canShrink: Bool

        /// Whether returning them is worth the effort: a queue that fills and empties all day reuses its free pages.
        package var isWasted: Bool { canShrink && freePages >= 256 && freePages * 4 >= pages }
    }

    /// The value of "PRAGMA auto_vacuum" in a file that can shrink.
    private static let incremental = 2

    package func space() async throws -> Space {
        try await read { db in
            Space(
                pages: try Int.fetchOne(db, sql: "PRAGMA page_count") ?? 0,
                freePages: try Int.fetchOne(db, sql: "PRAGMA freelist_count") ?? 0,
                canShrink: try Int.fetchOne(db, sql: "PRAGMA auto_vacuum") == Self.incremental)
        }
    }

    /// Returns free pages to the file system, some at a time, until there are none.
    ///
    /// - Parameter deadline: Ends the work early, as does another writer that waits; `nil` lets other writers in between steps.
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
        // The file itself shrinks when the WAL is checkpointed.
        if total > 0 { try await writeBack() }
    }
}
