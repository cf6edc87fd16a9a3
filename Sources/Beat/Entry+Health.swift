package import CeleryCore
import Schedules

extension Entry {
    /// How long after its time a run may be sent without being late. Longer than another beat needs to take over.
    package static let patience: Duration = .seconds(30)

    /// Whether a run should have been sent by now but was not.
    package func isLate(_ record: EntryRecord?, now: Timestamp) -> Bool {
        guard let record, record.schedule == periodic.schedule.description, record.pause?.isOver(at: now) ?? true,
            let due = periodic.schedule.next(after: record.handled)
        else { return false }
        return sendTime(due: due) + Self.patience < now
    }

    /// Whether no run has succeeded within `expect_within`, counted from the last success or from the creation of the entry.
    package func isAbsent(_ record: EntryRecord, now: Timestamp) -> Bool {
        guard let limit = periodic.expectWithin, record.pause?.isOver(at: now) ?? true else { return false }
        return max(record.lastSuccess ?? record.since, record.since) + limit < now
    }

    /// Whether the last runs all failed: `alarm_after` of them, or every run so far.
    package func isFailing(_ record: EntryRecord) -> Bool {
        guard periodic.alarmAfter > 0, record.failures > 0 else { return false }
        return record.failures >= periodic.alarmAfter || record.failures >= record.sentCount - record.open.count
    }

    /// Why the entry depends on an outcome that cannot be known; `nil` if it does not.
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
    /// Whether the pause had an end that has passed.
    package func isOver(at now: Timestamp) -> Bool { until.map { $0 <= now } ?? false }
}
