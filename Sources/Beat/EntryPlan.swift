package import CeleryCore
import Schedules

/// What beat does about one entry at one moment. Asks no clock and nobody else.
package struct EntryPlan: Sendable, Equatable {
    /// Due times whose runs are to be sent now, in order.
    package private(set) var sends: [Timestamp] = []
    /// Due times that are passed over, and why.
    package private(set) var passedOver: [PassedOver] = []
    /// What is to be written down, once what is sent is sent.
    package private(set) var record: EntryRecord
    /// When to look again.
    package private(set) var wake: Timestamp?

    private let entry: Entry
    private let now: Timestamp

    /// Due times that have no run of their own.
    package struct PassedOver: Sendable, Equatable {
        package var count: Int
        package var first: Timestamp
        package var last: Timestamp
        package var reason: Reason
    }

    package enum Reason: Sendable, Equatable {
        /// Nobody led when they were due, and the entry says to leave that be.
        case missed
        /// One later run stands for them.
        case standsForThem
        /// They are longer ago than the entry wants made up for.
        case tooLongAgo
        /// The run before has not ended.
        case stillRunning
    }

    /// Runs sent in one go; the rest of a long absence follows in the next rounds.
    static let sendLimit = 200
    /// Missed due times that are counted one by one.
    static let countLimit = 10_000
    /// A run that is sent this much after its time is on time; `missed = "skip"` skips later ones.
    package static let grace: Duration = .seconds(60)

    /// - Parameters:
    ///   - old: what was written down; `nil` for a new entry, which begins now.
    ///   - isRunning: whether a run sent before may still wait or run.
    package init(_ entry: Entry, _ old: EntryRecord?, now: Timestamp, isRunning: Bool) {
        self.entry = entry
        self.now = now
        let schedule = entry.periodic.schedule.description
        record = old ?? EntryRecord(name: entry.name, schedule: schedule, since: now)
        if record.schedule != schedule {
            // Of the new schedule nothing is overdue.
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

    /// The due times that have come, without those the entry wants passed over.
    private mutating func decide() -> [Timestamp] {
        let schedule = entry.periodic.schedule
        if let within = entry.periodic.within, case let oldest = now + (.zero - within), oldest > record.handled {
            passOver(schedule.times(after: record.handled, through: oldest, limit: Self.countLimit), .tooLongAgo)
            record.handled = oldest
        }
        let limit = entry.periodic.missed == .all ? Self.sendLimit : Self.countLimit
        var due = schedule.times(after: record.handled, through: now, limit: limit)
        // Of a very long absence the middle is not counted.
        if entry.periodic.missed != .all, due.count == limit, let last = schedule.last(through: now), last > due[limit - 1] {
            due.append(last)
        }
        // Jitter may keep the latest back.
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

    /// Notes the runs that were sent, of which only the latest are followed.
    mutating func noteSent(beat: String) {
        for due in sends {
            let run = EntryRun(id: entry.id(due: due, beat: beat), due: due, sent: now)
            record.last = run
            record.open.append(run)
        }
        if record.open.count > Self.openLimit { record.open.removeFirst(record.open.count - Self.openLimit) }
    }

    /// Runs of one entry that are followed at a time.
    static let openLimit = 20
}
