import CeleryCore
import SQLite
import Wire

/// Reads one part of a list from the rows of a query, newest first: until enough tasks are found, or the time is over.
struct ListReading {
    let filter: TaskFilter
    let limit: Int
    /// The position before which the rows begin; `nil` at the start of the list.
    let end: Int64?
    /// Without one, the reading ends with the rows.
    let deadline: ContinuousClock.Instant?
    /// The column with the name of the task. The position is in the first column.
    let nameColumn: Int
    /// The column that is 1 for rows that meet the conditions in SQL; `nil` if the query selects by them.
    let testColumn: Int?

    /// Rows between two looks at the clock.
    private static let stride = 32

    func part(of rows: RowCursor, _ task: (Row) throws -> ListedTask) throws -> TaskPart {
        var found: [ListedTask] = []
        var seen = 0
        while found.count < limit {
            guard let row = try rows.next() else { return TaskPart(found, next: nil) }
            if let deadline {
                seen += 1
                if seen % Self.stride == 0, deadline <= .now { return TaskPart(found, next: (row[0] as Int64) + 1) }
            }
            // The cheap tests first: there may be a million rows.
            if let testColumn, (row[testColumn] as Int64?) != 1 { continue }
            if let pattern = filter.task, !Glob.matches((row[nameColumn] as String?) ?? "", pattern) { continue }
            let task = try task(row)
            if let since = filter.since, task.changed < since { return TaskPart(found, next: nil) }
            if filter.selects(task), task.contains(textOf: filter) { found.append(task) }
        }
        return TaskPart(found, next: found.last?.position ?? end)
    }
}
