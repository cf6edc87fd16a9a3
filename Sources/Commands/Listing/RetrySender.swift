import CeleryCore
import Client
import Tasks

/// Sends ended tasks again, some at a time, and tells of each.
struct RetrySender {
    /// What it tells.
    enum News {
        /// A task was sent, or would be.
        case sent(TaskID, Message)
        case refused(TaskID, String)
        /// Those sent together have been told.
        case pause
    }

    let client: Client
    let isDryRun: Bool
    private let tell: (News) -> Void
    private var pace: SendingPace
    private var postponed = PostponedRepetitions()
    private var areAllSent = true

    /// Tasks read and sent at a time, so that a million need no more memory than these.
    private static let batch = 500

    /// - Parameter rate: Messages per second; `nil` means without a limit.
    init(client: Client, isDryRun: Bool = false, rate: Double? = nil, tell: @escaping (News) -> Void) {
        self.client = client
        self.isDryRun = isDryRun
        self.tell = tell
        pace = SendingPace(isDryRun ? nil : rate, batch: Self.batch)
    }

    /// Sends the tasks that had ended and were selected when this began.
    ///
    /// - Returns: Whether all were sent.
    mutating func send(_ filter: TaskFilter) async throws -> Bool {
        guard let listing = try client.store as? any ResultListing else {
            throw DriverError.lacks("list tasks", try client.store.location)
        }
        var position: Int64?
        while true {
            let tasks = try await listing.listedTasks(filter, before: position, limit: Self.batch)
            guard let last = tasks.last else { break }
            position = last.position
            try await send(tasks.map { (id: $0.id, request: $0.request) })
        }
        try await send(postponed.release())
        return areAllSent
    }

    /// - Returns: Whether all were sent.
    mutating func send(_ ids: [TaskID]) async throws -> Bool {
        guard let store = try client.store as? any RequestKeeping else {
            throw DriverError.lacks("keep the arguments of tasks", try client.store.location)
        }
        for start in stride(from: 0, to: ids.count, by: Self.batch) {
            let known = try await client.status(of: Array(ids[start..<min(start + Self.batch, ids.count)]))
            let requests = try await store.requests(for: known.map(\.id))
            var ended: [(id: TaskID, request: Message?)] = []
            for status in known {
                guard status.state.isReady else {
                    let isKnown = status.result != nil || status.location != nil
                    refuse(status.id, isKnown ? "has not ended: \(status.state.name)" : "no such task id")
                    continue
                }
                ended.append((status.id, requests[status.id]))
            }
            try await send(ended)
        }
        try await send(postponed.release())
        return areAllSent
    }

    private mutating func send(_ tasks: [(id: TaskID, request: Message?)]) async throws {
        try await send(postponed.sift(try await renewed(tasks)))
    }

    private mutating func send(_ repetitions: [RenewedPrerequisites.Repetition]) async throws {
        var again: [(old: TaskID, new: Message)] = []
        for (old, message) in repetitions {
            do {
                // The old signature is that of the old id.
                again.append((old, message.task == CommandTask.name ? try CommandSigning.signed(message, client.settings) : message))
            } catch let refusal as CommandRefusal {
                refuse(old, "commands are not allowed here: \(refusal)")
            } catch {
                refuse(old, "its message cannot be read: \(error)")
            }
        }
        for start in stride(from: 0, to: again.count, by: pace.batch) {
            let some = again[start..<min(start + pace.batch, again.count)]
            try await pace.wait(for: some.count)
            if !isDryRun {
                try await client.publish(some.map(\.new))
                for (old, new) in some {
                    guard let set = new.groupID else { continue }
                    _ = try await client.taskSets.replace(old, by: new.id, in: set)
                }
            }
            for (old, new) in some { tell(.sent(old, new)) }
            tell(.pause)
        }
    }

    /// The messages of tasks under new ids.
    private mutating func renewed(_ tasks: [(id: TaskID, request: Message?)]) async throws -> [(old: TaskID, new: Message)] {
        var renewed: [(old: TaskID, new: Message)] = []
        for (id, request) in tasks {
            guard let request else {
                refuse(id, "its arguments are not kept")
                continue
            }
            var new: Message
            do {
                new = try client.again(request)
            } catch {
                refuse(id, "its message cannot be read: \(error)")
                continue
            }
            if let set = try await membership(of: id, request) { (new.groupID, new.groupIndex) = (set, request.groupIndex) }
            renewed.append((id, new))
        }
        return renewed
    }

    /// The task-set of which a task is a member.
    private func membership(of id: TaskID, _ request: Message) async throws -> String? {
        guard let set = request.groupID, let sets = try client.store as? any TaskSetKeeping else { return nil }
        return try await sets.taskSet(set)?.number(of: id) == nil ? nil : set
    }

    private mutating func refuse(_ id: TaskID, _ why: String) {
        areAllSent = false
        tell(.refused(id, why))
    }
}
