import Beat
import CeleryCore
import Schedules

/// The condition of an entry at a moment, for `list` and `status`.
struct EntryOutlook {
    let entry: Entry
    /// `nil` if no beat has seen the entry.
    let record: EntryRecord?
    let now: Timestamp

    /// The condition of an entry in one word.
    enum Health: String, CaseIterable {
        /// Runs are sent on time.
        case ok
        /// A run is overdue.
        case late
        case paused
        /// No run has succeeded for longer than `expect_within`.
        case absent
        /// The last runs all failed.
        case failing
        /// No run is known to have been due yet.
        case waiting

        /// Whether somebody should look after the entry.
        var isAlarm: Bool {
            switch self {
            case .late, .absent, .failing: true
            case .ok, .paused, .waiting: false
            }
        }
    }

    var pause: EntryPause? {
        guard let pause = record?.pause, !pause.isOver(at: now) else { return nil }
        return pause
    }

    var health: Health {
        if pause != nil { return .paused }
        if let record, entry.isAbsent(record, now: now) { return .absent }
        if entry.isLate(record, now: now) { return .late }
        if let record, entry.isFailing(record) { return .failing }
        return record.map { $0.sentCount > 0 } == true ? .ok : .waiting
    }

    /// When the next run is sent, or should have been sent; `nil` if never.
    var next: Timestamp? {
        if let pause {
            guard let until = pause.until else { return nil }
            return entry.periodic.schedule.next(after: until).map(entry.sendTime)
        }
        return entry.periodic.schedule.next(after: start).map(entry.sendTime)
    }

    /// The time after which to look for the next run: earlier runs are handled or no longer expected.
    private var start: Timestamp {
        guard let record, record.schedule == entry.periodic.schedule.description else { return now }
        return health == .late ? record.handled : max(record.handled, now)
    }
}
