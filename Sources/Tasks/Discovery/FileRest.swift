import CeleryCore

/// Which task files are still changing, from one look at them to the next.
///
/// A change counts when the file has been at rest for `stillness`, so that no half-written file is read and a file that an
/// editor takes away and makes again is never missed. A file that never comes to rest counts after `patience` as it is.
struct FileRest: Sendable {
    /// Seconds without a change.
    static let stillness = 0.3
    /// Seconds.
    static let patience = 5.0

    private struct Change: Sendable {
        /// `nil` while there is no file.
        var mark: FileMark?
        /// The task that the file would be; `nil` while there is no file.
        var name: String?
        /// Since when the file has this mark.
        var since: Timestamp
        var first: Timestamp

        /// When the change counts unless the file changes again.
        var end: Timestamp { min(since + .seconds(FileRest.stillness), first + .seconds(FileRest.patience)) }
    }

    /// The time of the current look.
    var now: Timestamp
    /// By path.
    private var changes: [String: Change] = [:]

    init(now: Timestamp) { self.now = now }

    /// Notes the state of a changed file. Returns whether the change counts; then it is over.
    ///
    /// - Parameters:
    ///   - mark: `nil` if there is no file.
    ///   - name: The task that the file would be.
    mutating func hasSettled(_ path: String, _ mark: FileMark?, name: String?) -> Bool {
        var change = changes[path] ?? Change(mark: mark, since: now, first: now)
        change.name = name
        // The clock may have been set back.
        change.first = min(change.first, now)
        if change.mark != mark || change.since > now { (change.mark, change.since) = (mark, now) }
        let isOver = change.end <= now
        changes[path] = isOver ? nil : change
        return isOver
    }

    /// Forgets a change: the file is again as it was, or gone before it was ever a task.
    mutating func forget(_ path: String) { changes[path] = nil }

    /// Forgets all other changes.
    mutating func keep(where isMet: (String) -> Bool) { changes = changes.filter { isMet($0.key) } }

    /// The tasks that changing files may become.
    var expectedNames: [String] { changes.values.compactMap(\.name) }

    /// Whether a changing file may become the task of this name.
    func isExpected(_ name: String) -> Bool { changes.values.contains { $0.name == name } }

    /// When the next change counts, if its file stays at rest; `nil` if no file is changing.
    var next: Timestamp? { changes.values.map(\.end).min() }
}
