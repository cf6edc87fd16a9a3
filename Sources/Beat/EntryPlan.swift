package import CeleryCore
import Schedules

/// What beat does about one entry at a given time. A pure computation: no clock, no I/O.
package struct EntryPlan: Sendable, Equatable {
    /// Due times of the runs to send now, in ascending order.
    package private(set) var sends: [Timestamp] = []
    /// Due times that are skipped, with the reasons.
    package private(set) var passedOver: [PassedOver] = []
    /// The record to write together with sending `sends`.
    package private(set) var record: EntryRecord
    /// When to plan the entry again; `nil` if only a change of its record makes that necessary.
    package private(set) var wake: Timestamp?

    private let entry: Entry
    private let now: Timestamp

    /// Due times without a run.
    package struct PassedOver: Sendable, Equatable {
        package var count: Int
        package var first: Timestamp
        package var last: Timestamp
        package var reason: Reason
    }

    package enum Reason: Sendable, Equatable {
        /// No beat led when they were due, and the entry has `missed = "skip"`.
        case missed
        /// One later run replaces them.
        case standsForThem
        /// They are older than the entry's `within` allows.
        case tooLongAgo
        /// The previous run has not ended.
        case stillRunning
    }

    /// Maximum number of runs sent in one plan. After a long absence, the other runs follow in the next rounds.
    static let sendLimit = 200
    /// Maximum number of missed due times that are counted.
    static let countLimit = 10_000
    /// How late a run may be sent with `missed = "skip"`; later runs are skipped.
    package static let grace: Duration = .seconds(60)

    /// - Parameters:
    ///   - old: The stored record; `nil` for a new entry, which begins now.
    ///   - isRunning: Whether an earlier run may still wait or run.
    package init(_ entry: Entry, _ old: EntryRecord?, now: Timestamp, isRunning: Bool) {
        self.entry = entry
        self.now = now
        let schedule = entry.periodic.schedule.description
        record = old ?? EntryRecord(name: entry.name, schedule: schedule, since: now)
        if record.schedule != schedule {
            // A new schedule has no overdue runs.
            record.schedule = schedule
            record.handled = max(record.handled, now)
            record.held = nil
        }
        if let pause = record.pause {
            guard let until = pause.until, until <= now else {
                record.handled = max(record.handled, now)
                record.held = nil
                record.next = nil
                wake = pause.until
                return
            }
            record.pause = nil
            record.handled = max(record.handled, until)
        }
        var isRunning = isRunning
        if let held = record.held, !isRunning {
            send(held)
            record.held = nil
            isRunning = true
        }
        for due in decide() {
            if entry.periodic.overlap == .allow || !isRunning {
                send(due)
                isRunning = true
            } else if entry.periodic.overlap == .queue {
                if let earlier = record.held { passOver([earlier], .standsForThem) }
                record.held = due
            } else {
                passOver([due], .stillRunning)
            }
        }
        record.next = entry.periodic.schedule.next(after: record.handled).map(entry.sendTime)
        wake = record.next
    }

    /// The due times that have passed and whose runs the entry wants.
    private mutating func decide() -> [Timestamp] {
        let schedule = entry.periodic.schedule
        if let within = entry.periodic.within, case let oldest = now + (.zero - within), oldest > record.handled {
            passOver(schedule.times(after: record.handled, through: oldest, limit: Self.countLimit), .tooLongAgo)
            record.handled = oldest
        }
        let limit = entry.periodic.missed == .all ? Self.sendLimit : Self.countLimit
        var due = schedule.times(after: record.handled, through: now, limit: limit)
        // After a very long absence, due times beyond the limit are not counted; only the last one matters.
        if entry.periodic.missed != .all, due.count == limit, let last = schedule.last(through: now), last > due[limit - 1] {
            due.append(last)
        }
        // Jitter may postpone the latest run.
        while let last = due.last, entry.sendTime(due: last) > now { due.removeLast() }
        guard let last = due.last else { return [] }
        record.handled = last
        switch entry.periodic.missed {
        case .all: return due
        case .once:
            passOver(due.dropLast(), .standsForThem)
            return [last]
        case .skip:
            let isLate = entry.sendTime(due: last) + Self.grace < now
            passOver(isLate ? due[...] : due.dropLast(), .missed)
            return isLate ? [] : [last]
        }
    }

    private mutating func send(_ due: Timestamp) {
        sends.append(due)
        record.sentCount += 1
    }

    private mutating func passOver(_ due: some Collection<Timestamp>, _ reason: Reason) {
        guard let first = due.min(), let last = due.max() else { return }
        passedOver.append(PassedOver(count: due.count, first: first, last: last, reason: reason))
        record.missedCount += due.count
    }

    /// Records the sent runs. Only the latest `openLimit` runs are followed.
    mutating func noteSent(beat: String) {
        for due in sends {
            let run = EntryRun(id: entry.id(due: due, beat: beat), due: due, sent: now)
            record.last = run
            record.open.append(run)
        }
        if record.open.count > Self.openLimit { record.open.removeFirst(record.open.count - Self.openLimit) }
    }

    /// Maximum number of runs of one entry whose outcomes are followed.
    static let openLimit = 20
}
