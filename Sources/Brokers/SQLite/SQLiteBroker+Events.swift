package import CeleryCore
import CeleryDB

extension SQLiteBroker: EventSending {
    package func send(_ events: [Event]) async throws {
        guard !events.isEmpty else { return }
        let now = self.now()
        // A heartbeat wakes no idle process.
        let isNews = events.contains { $0.type != Event.heartbeat }
        try await file.write(waking: isNews, durable: false) { [retention] db in
            try EventTable.add(events, retention, now: now, in: db)
        }
    }

    /// Events are always kept.
    package func keepEvents() async throws {}
}

extension SQLiteBroker: EventReading {
    package func events(of ids: [TaskID]) async throws -> [RecordedEvent] {
        let rows = try await file.read { db in try ids.distinct.flatMap { try EventTable.read(of: $0, in: db) } }
        return rows.sorted { $0.number < $1.number }.map { RecordedEvent($0.event, cursor: String($0.number)) }
    }
}

extension SQLiteBroker: EventFollowing {
    package func events(from start: EventStart) async throws -> any EventFeed {
        var after: Int64?
        if case .after(let cursor) = start {
            guard let number = Int64(cursor), number >= 0 else {
                throw DriverError(
                    .refused, "cursor '\(cursor.forLog)' is not valid for \(location)", hint: "cursors of a file are whole numbers")
            }
            after = number
        }
        let (position, last) = try await file.read { [after] db -> (Int64, Int64) in
            let last = try EventTable.last(in: db)
            switch start {
            case .now: return (last, last)
            case .oldest: return (try EventTable.read(after: 0, limit: 0, in: db).dropped, last)
            case .since(let time): return (try EventTable.number(before: time, in: db), last)
            case .after: return (after ?? last, last)
            }
        }
        guard position > last else { return SQLiteEventFeed(broker: self, position: position, gap: nil) }
        let gap = EventGap(count: nil, reason: "cursor \(position) is past the last event, \(last): it belongs to another file")
        return SQLiteEventFeed(broker: self, position: 0, gap: gap)
    }
}
