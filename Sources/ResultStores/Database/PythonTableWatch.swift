import CeleryCore
import CeleryDB

/// Noticing that results in Python's tables may have changed.
protocol PythonTableWatch: Sendable {
    /// A number that grows with changes.
    func mark() async -> UInt64

    /// Waits until there may have been a change since the mark, or the deadline passes.
    ///
    /// - Throws: `CancellationError`.
    func wait(since mark: UInt64, until deadline: ContinuousClock.Instant?) async throws

    /// Tasks were looked for: whoever waits looks before.
    func looked(for ids: [TaskID], _ found: [TaskID: TaskResult])

    /// Results were stored from here.
    func stored()

    func close()
}

/// A file, whose changes the kernel tells of, whoever made them.
struct SQLiteTableWatch: PythonTableWatch {
    private let file: SharedDatabaseFile

    init(_ file: SharedDatabaseFile) { self.file = file }

    func mark() async -> UInt64 {
        // If the file cannot be read now, report a change at the next look.
        (try? await file.changeCount()) ?? .max
    }

    func wait(since mark: UInt64, until deadline: ContinuousClock.Instant?) async throws {
        try await file.waitForChange(since: mark, until: deadline)
    }

    func looked(for ids: [TaskID], _ found: [TaskID: TaskResult]) {}
    func stored() {}
    func close() {}
}
