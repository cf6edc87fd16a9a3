package import CeleryCore
import CeleryDB
import SQL

extension PostgreSQLResultStore: ResultListing {
    package func listedTasks(_ filter: TaskFilter, before position: Int64?, limit: Int) async throws -> [ListedTask] {
        guard limit > 0 else { return [] }
        let now = self.now()
        // Whoever looks for a text may read a whole table.
        return try await readTables(isLong: filter.text != nil) { [location] db in
            guard var page = try PostgreSQLPage(filter, before: position, now: now, in: db) else { return [] }
            var found: [ListedTask] = []
            while found.count < limit {
                let wanted = filter.text == nil ? limit : max(limit, PostgreSQLPage.textStep)
                let tasks = try page.next(wanted, in: db, of: location)
                found += tasks.filter { $0.contains(textOf: filter) }.prefix(limit - found.count)
                if tasks.count < wanted { break }
            }
            return found
        } ?? []
    }
}

extension PostgreSQLResultStore: TaskPaging {
    /// The longest query of a part. A part is read in short steps, so that only a server in trouble, or values of many megabytes, need it.
    private static let statementLimit: Duration = .seconds(2)

    package func taskPart(
        _ filter: TaskFilter, before position: Int64?, limit: Int, within time: Duration
    ) async throws -> TaskPart {
        let now = self.now()
        let deadline = ContinuousClock.now + time
        return try await readTables { [location] db in
            var page: PostgreSQLPage?
            var start: Int64?
            var found: [ListedTask] = []
            do {
                return try db.queries(eachWithin: max(time, Self.statementLimit)) {
                    page = try PostgreSQLPage(filter, before: position, now: now, in: db)
                    start = page?.end
                    var rows = PostgreSQLPage.firstStep
                    while let end = page?.end {
                        guard found.count < limit else { return TaskPart(found, next: end) }
                        let step = try page!.step(rows, limit: limit - found.count, in: db, of: location)
                        found += step.tasks.filter { $0.contains(textOf: filter) }
                        if step.isLast { break }
                        guard .now < deadline else { return TaskPart(found, next: page!.end) }
                        rows = min(rows * 4, PostgreSQLPage.longestStep)
                    }
                    return TaskPart(found, next: nil)
                }
            } catch let error as SQLError where error.code == .tooSlow && page?.end != start {
                // The part ends before the step that took too long, and says so by going on there. If the first step takes too
                // long, that is an error: going on from there would repeat it.
                return TaskPart(found, next: page?.end)
            }
        } ?? TaskPart([], next: nil)
    }
}
