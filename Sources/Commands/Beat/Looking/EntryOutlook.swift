import Beat
import CeleryCore
import Schedules

/// How one entry is at a moment: what `list` and `status` tell of it.
struct EntryOutlook {
    let entry: Entry
    /// `nil` when no beat has seen it.
    let record: EntryRecord?
    let now: Timestamp

    /// In one word.
    enum Health: String, CaseIterable {
        /// Its runs are sent in time.
        case ok
        /// A run should have been sent, and was not.
        case late
        case paused
        /// No run has succeeded for longer than `expect_within`.
        case absent
        /// It has not been due yet, as far as anybody knows.
        case waiting
    }

    var pause: EntryPause? {
        guard let pause = record?.pause, !pause.isOver(at: now) else { return nil }
        return pause
    }

    var health: Health {
        if pause != nil { return .paused }
        if let record, entry.isAbsent(record, now: now) { return .absent }
        if entry.isLate(record, now: now) { return .late }
        return record.map { $0.sentCount > 0 } == true ? .ok : .waiting
    }

    /// When the next run is sent, or should have been.
    var next: Timestamp? {
        if let pause {
            guard let until = pause.until else { return nil }
            return entry.periodic.schedule.next(after: until).map(entry.sendTime)
        }
        return entry.periodic.schedule.next(after: start).map(entry.sendTime)
    }

    /// Runs up to here are done with, or no more to be expected.
    private var start: Timestamp {
        guard let record, record.schedule == entry.periodic.schedule.description else { return now }
        return health == .late ? record.handled : max(record.handled, now)
    }
}
