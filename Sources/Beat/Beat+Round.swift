import CeleryCore
import Schedules

extension Beat {
    /// What came of runs is looked up this often.
    private static let lookupInterval: Duration = .seconds(5)
    /// Runs sent in one step.
    private static let stepLimit = 500

    /// One round. Returns when the next one is due.
    ///
    /// - Throws: `DriverError`; what was decided is decided anew in the next round.
    func round(_ seat: any BeatSeat) async throws -> Timestamp {
        guard let state = try await seat.lead() else {
            if isLeading != false { isLeading == true ? log.lostLead() : log.waits() }
            isLeading = false
            if configuration.isOnce { throw DriverError(.tryAgain, "another beat leads, and sends what is due") }
            return .distantFuture
        }
        if isLeading != true {
            log.leads()
            records = state.records
            nextLookup = now()
        }
        isLeading = true

        var changed = Set<String>()
        obey(state.orders.map(\.order), &changed)
        try await lookUp(&changed)
        return try await send(seat, state.orders.map(\.number), changed)
    }

    /// Pauses and resumes.
    private func obey(_ orders: [BeatOrder], _ changed: inout Set<String>) {
        for order in orders {
            guard let entry = entries[order.entry] else {
                log.unknownEntry(order.entry)
                continue
            }
            var record = records[entry.name] ?? EntryPlan(entry, nil, now: now(), isRunning: false).record
            switch order {
            case .pause(_, let pause):
                record.pause = pause
                log.paused(entry.name, pause)
            case .resume:
                // What was due meanwhile was not missed but unwanted.
                if record.pause != nil { record.handled = max(record.handled, now()) }
                record.pause = nil
                log.resumed(entry.name)
            }
            records[entry.name] = record
            changed.insert(entry.name)
        }
    }

    /// Finds out what came of runs, and raises or ends the alarm of absence.
    private func lookUp(_ changed: inout Set<String>) async throws {
        let now = self.now()
        // A clock that was set back must not keep it from looking.
        guard nextLookup <= now || nextLookup > now + Self.lookupInterval || isAnyRunInTheWay(now) else { return }
        nextLookup = now + Self.lookupInterval
        let runs = entries.keys.flatMap { records[$0]?.open ?? [] }
        let findings: [TaskID: RunLookup.Finding]
        do {
            findings = try await lookup.look(for: runs, now: now)
        } catch {
            // What is due is sent all the same.
            log.trouble("cannot look up what came of earlier runs", error)
            return
        }
        for (name, entry) in entries {
            guard let old = records[name] else { continue }
            var record = old
            record.note(findings)
            watchAbsence(of: entry, &record, now)
            if record == old { continue }
            records[name] = record
            changed.insert(name)
        }
    }

    /// Whether something is due that depends on whether the run before has ended.
    private func isAnyRunInTheWay(_ now: Timestamp) -> Bool {
        entries.contains { name, entry in
            guard entry.periodic.overlap != .allow, let record = records[name], !record.open.isEmpty else { return false }
            return record.held != nil || record.next.map { $0 <= now } ?? false
        }
    }

    private func watchAbsence(of entry: Entry, _ record: inout EntryRecord, _ now: Timestamp) {
        let isAbsent = entry.isAbsent(record, now: now)
        if isAbsent, record.absentSince == nil {
            record.absentSince = now
            log.absent(entry, since: record.lastSuccess)
        } else if !isAbsent, record.absentSince != nil {
            record.absentSince = nil
            log.backAgain(entry)
        }
    }

    /// Plans every entry, sends what is due and writes down what changed.
    private func send(_ seat: any BeatSeat, _ orders: [Int64], _ touched: Set<String>) async throws -> Timestamp {
        let now = self.now()
        var wake = now + Self.lookupInterval
        var written = records
        var changed = touched
        var messages: [Message] = []
        var plans: [(Entry, EntryPlan)] = []
        for (name, entry) in entries.sorted(by: { $0.key < $1.key }) {
            guard messages.count < Self.stepLimit else {
                // The rest in the next round, at once.
                wake = now
                break
            }
            let old = written[name]
            var plan = EntryPlan(entry, old, now: now, isRunning: old?.open.isEmpty == false)
            plan.noteSent(beat: configuration.name)
            if let next = plan.wake { wake = min(wake, next) } else if old?.next != nil, plan.record.pause == nil { log.neverDue(entry) }
            guard plan.record != old else { continue }
            written[name] = plan.record
            changed.insert(name)
            plans.append((entry, plan))
            messages += plan.sends.map { entry.message(due: $0, beat: configuration.name) }
        }
        guard !messages.isEmpty || !changed.isEmpty || !orders.isEmpty else { return wake }
        let records = changed.compactMap { written[$0] }.sorted { $0.name < $1.name }
        guard try await seat.send(messages, writing: records, settling: orders) else {
            isLeading = nil
            return now
        }
        self.records = written
        for (entry, plan) in plans {
            for passed in plan.passedOver { log.passedOver(entry, passed) }
            for due in plan.sends { log.sent(entry, due, entry.id(due: due, beat: configuration.name), now: now) }
        }
        return wake
    }
}

extension Timestamp {
    fileprivate static let distantFuture = Timestamp(seconds: 1e11)
}
