package import CeleryCore
import Schedules

extension Entry {
    /// How long after its time a run may be sent before it is late: longer than a take-over takes.
    package static let patience: Duration = .seconds(30)

    /// Whether a run should have been sent by now and was not.
    package func isLate(_ record: EntryRecord?, now: Timestamp) -> Bool {
        guard let record, record.schedule == periodic.schedule.description, record.pause?.isOver(at: now) ?? true,
            let due = periodic.schedule.next(after: record.handled)
        else { return false }
        return sendTime(due: due) + Self.patience < now
    }

    /// Whether no run has succeeded for as long as `expect_within` says, or since the entry is there.
    package func isAbsent(_ record: EntryRecord, now: Timestamp) -> Bool {
        guard let limit = periodic.expectWithin, record.pause?.isOver(at: now) ?? true else { return false }
        return max(record.lastSuccess ?? record.since, record.since) + limit < now
    }

    /// Something it wants to know that nobody can tell.
    func wish(thatFails broker: any Broker) -> String? {
        guard ignoresResult else { return nil }
        if periodic.expectWithin != nil { return "has expect_within, but its results are ignored" }
        if periodic.overlap != .allow, !(broker is any MessageLocating) {
            return "has overlap = \"\(periodic.overlap.rawValue)\", but its results are ignored, and \(broker.location) cannot tell when a run has ended"
        }
        return nil
    }
}

extension EntryPause {
    /// Whether it has ended by itself.
    package func isOver(at now: Timestamp) -> Bool { until.map { $0 <= now } ?? false }
}
