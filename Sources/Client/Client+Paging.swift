package import CeleryCore

/// Where a page of tasks begins: how far the lists of broker and result store have been shown.
package struct TaskPlace: Sendable, Equatable {
    /// The position in a list; `nil` before its first task.
    package var waiting: Int64?
    package var ended: Int64?
    /// Whether a list has been shown to its end.
    package var isWaitingOver = false
    package var isEndedOver = false

    /// The beginning.
    package init() {}

    /// As in an address: `1200.1764441999123456`, with `-` for a list that is over.
    package var text: String { "\(isWaitingOver ? "-" : waiting.map(String.init) ?? "").\(isEndedOver ? "-" : ended.map(String.init) ?? "")" }

    /// Reads what `text` wrote.
    ///
    /// - Returns: `nil` for anything else.
    package init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ $0 == "-" || ($0.utf8.count <= 19 && $0.utf8.allSatisfy { (0x30...0x39).contains($0) }) })
        else { return nil }
        (isWaitingOver, isEndedOver) = (parts[0] == "-", parts[1] == "-")
        (waiting, ended) = (Int64(parts[0]), Int64(parts[1]))
        guard waiting != nil || parts[0].isEmpty || isWaitingOver, ended != nil || parts[1].isEmpty || isEndedOver else { return nil }
    }
}

/// A page of the tasks of broker and result store together.
package struct TaskListPage: Sendable {
    /// Newest first.
    package var tasks: [ListedTask] = []
    /// Where the next page begins; `nil` on the last one.
    package var next: TaskPlace?
    /// Whether the page ends because its time was over, so that more may match.
    package var isCut = false
    /// Whether tasks that wait are listed on the first page only, as many as there is room for.
    package var showsSomeWaiting = false
}

extension Client {
    /// Running tasks on the first page.
    private static let mostRunning = 200

    /// A page of the selected tasks, newest first. Every task is on one page, as long as it does not change.
    ///
    /// - Parameter time: How long broker and store may look for tasks, each.
    /// - Throws: `DriverError`.
    package func taskPage(_ filter: TaskFilter, at place: TaskPlace, limit: Int, within time: Duration) async throws -> TaskListPage {
        var page = TaskListPage()
        let isFirst = place == TaskPlace()
        // The broker first: a task that ends between the two queries is then found in the store.
        let open = try await openPart(filter, place, isFirst, limit, time, &page)
        let ended = place.isEndedOver ? TaskPart([], next: nil) : try await endedPart(filter, before: place.ended, limit, time)
        let told = isFirst ? await toldTasks(filter) : []
        let ids = Set(open.running.map(\.id) + open.waiting.tasks.map(\.id))
        let stored = try await withoutOpen(ended.tasks.filter { !ids.contains($0.id) })

        var merged = (open.waiting.tasks.map { (task: $0, isStored: false) } + stored.map { ($0, true) })
            .sorted { ($0.task.changed, $0.task.position) > ($1.task.changed, $1.task.position) }
        merged = Array(merged.prefix(limit))
        page.isCut = merged.count < limit && (open.waiting.next != nil || ended.next != nil)
        page.tasks = open.running + merged.map(\.task) + told.filter { !ids.contains($0.id) }.prefix(limit)
        page.next = Self.next(
            after: place, (open.waiting, merged.last { !$0.isStored }?.task.position, merged.count { !$0.isStored }),
            (ended, merged.last { $0.isStored }?.task.position, merged.count { $0.isStored }, stored.count))
        let results = try await store.results(for: (open.running + open.waiting.tasks).map(\.id))
        for index in page.tasks.indices where page.tasks[index].result == nil { page.tasks[index].result = results[page.tasks[index].id] }
        return page
    }

    private struct OpenPart {
        var running: [ListedTask] = []
        var waiting = TaskPart([], next: nil)
    }

    private func openPart(
        _ filter: TaskFilter, _ place: TaskPlace, _ isFirst: Bool, _ limit: Int, _ time: Duration, _ page: inout TaskListPage
    ) async throws -> OpenPart {
        var part = OpenPart()
        guard filter.selects(any: [.queued, .scheduled, .started, .retry]) else { return part }
        guard let paging = broker as? any TaskPaging else {
            if isFirst { part.running = try await openTasks(filter, limit: limit) }
            page.showsSomeWaiting = part.running.count >= limit
            return part
        }
        if isFirst, filter.selects(any: [.started]) {
            var running = filter
            running.phases = [.started]
            part.running = try await openTasks(running, limit: Self.mostRunning)
        }
        if !place.isWaitingOver { part.waiting = try await paging.taskPart(filter, before: place.waiting, limit: limit, within: time) }
        return part
    }

    private func endedPart(_ filter: TaskFilter, before position: Int64?, _ limit: Int, _ time: Duration) async throws -> TaskPart {
        if let paging = try store as? any TaskPaging { return try await paging.taskPart(filter, before: position, limit: limit, within: time) }
        guard let listing = try store as? any ResultListing else { return TaskPart([], next: nil) }
        let tasks = try await listing.listedTasks(filter, before: position, limit: limit)
        return TaskPart(tasks, next: tasks.count < limit ? nil : tasks.last?.position)
    }

    /// Leaves out tasks whose messages the broker has: those are among what waits or runs.
    private func withoutOpen(_ tasks: [ListedTask]) async throws -> [ListedTask] {
        let open = tasks.filter(\.phase.isOpen).map(\.id)
        guard !open.isEmpty, let locating = broker as? any MessageLocating else { return tasks }
        let located = try await locating.locate(open)
        return tasks.filter { located[$0.id] == nil }
    }

    /// Where the page ends in both lists. A list whose tasks are not all on the page goes on behind the last one that is.
    private static func next(
        after place: TaskPlace, _ waiting: (part: TaskPart, last: Int64?, count: Int),
        _ ended: (part: TaskPart, last: Int64?, count: Int, all: Int)
    ) -> TaskPlace? {
        var next = place
        if !place.isWaitingOver, waiting.count == waiting.part.tasks.count {
            (next.waiting, next.isWaitingOver) = (waiting.part.next, waiting.part.next == nil)
        } else if let last = waiting.last {
            next.waiting = last
        }
        if !place.isEndedOver, ended.count == ended.all {
            (next.ended, next.isEndedOver) = (ended.part.next, ended.part.next == nil)
        } else if let last = ended.last {
            next.ended = last
        }
        return next.isWaitingOver && next.isEndedOver ? nil : next
    }
}
