import CeleryCore
import Schedules

extension Beat {
    /// How often the outcomes of earlier runs are looked up.
    private static let lookupInterval: Duration = .seconds(5)
    /// Pause before an entry whose messages the broker refused is tried again.
    private static let refusalPause: Duration = .seconds(30)
    /// Maximum number of runs sent in one round.
    private static let stepLimit = 500

    /// Runs one round. Returns the time at which the next round is due.
    ///
    /// - Throws: `DriverError`; the next round repeats the decisions of this one.
    func round(_ seat: any BeatSeat) async throws -> Timestamp {
        guard let state = try await seat.lead() else {
            if isLeading != false { isLeading == true ? log.lostLead() : log.waits() }
            isLeading = false
            if configuration.isOnce { throw DriverError(.tryAgain, "another beat is the leader and sends the due tasks") }
            return .distantFuture
        }
        if isLeading != true {
            log.leads()
            records = state.records
            roster.wakeAll()
            nextLookup = now()
        }
        isLeading = true

        var changed = Set<String>()
        obey(state.commands.map(\.command), &changed)
        try await lookUp(&changed)
        let now = self.now()
        let wake = try await send(seat, state.commands.map(\.number), changed, now)
        hasMore = wake <= now
        return wake
    }

    /// Carries out commands: pauses and resumes entries.
    private func obey(_ commands: [LeaderCommand], _ changed: inout Set<String>) {
        for command in commands {
            guard let entry = entries[command.entry] else {
                log.unknownEntry(command.entry)
                continue
            }
            var record = records[entry.name] ?? EntryPlan(entry, nil, now: now(), isRunning: false).record
            switch command {
            case .pause(_, let pause):
                record.pause = pause
                log.paused(entry.name, pause)
            case .resume:
                // Runs that fell due during the pause do not count as missed.
                if record.pause != nil { record.handled = max(record.handled, now()) }
                record.pause = nil
                log.resumed(entry.name)
            }
            records[entry.name] = record
            changed.insert(entry.name)
        }
    }

    /// Looks up the outcomes of earlier runs, and raises or clears the alarms of `alarm_after` and `expect_within`.
    private func lookUp(_ changed: inout Set<String>) async throws {
        let now = self.now()
        // The second condition: a clock that was set back must not suspend the lookup.
        guard nextLookup <= now || nextLookup > now + Self.lookupInterval || dependsOnEarlierRun(now) else { return }
        nextLookup = now + Self.lookupInterval
        let runs = entries.keys.flatMap { records[$0]?.open ?? [] }
        let findings: [TaskID: RunLookup.Finding]
        do {
            findings = try await lookup.look(for: runs, now: now)
        } catch {
            // Due runs are sent all the same.
            log.trouble("cannot look up the outcomes of earlier runs", error)
            return
        }
        for (name, entry) in entries {
            guard entry.periodic.expectWithin != nil || records[name]?.open.isEmpty == false || records[name]?.absentSince != nil,
                let old = records[name]
            else { continue }
            var record = old
            record.note(findings)
            watchFailures(of: entry, record, old)
            watchAbsence(of: entry, &record, now)
            if record == old { continue }
            records[name] = record
            changed.insert(name)
        }
    }

    /// Whether a due run depends on whether the previous run has ended.
    private func dependsOnEarlierRun(_ now: Timestamp) -> Bool {
        roster.waitingNames.contains { name in
            guard let record = records[name], !record.open.isEmpty else { return false }
            return record.held != nil || record.next.map { $0 <= now } ?? false
        }
    }

    private func watchFailures(of entry: Entry, _ record: EntryRecord, _ old: EntryRecord) {
        switch (entry.isFailing(old), entry.isFailing(record)) {
        case (false, true): log.failing(entry, record.failures)
        case (true, false) where record.absentSince == nil: log.backAgain(entry)
        default: break
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

    /// Plans every entry, sends the due runs and writes the changed records.
    private func send(_ seat: any BeatSeat, _ commands: [Int64], _ touched: Set<String>, _ now: Timestamp) async throws -> Timestamp {
        var wake = now + Self.lookupInterval
        var plans: [Planned] = []
        var count = 0
        roster.wake(touched)
        for position in roster.names.indices {
            let rest = roster.rest(at: position)
            guard rest <= now else {
                wake = min(wake, rest)
                continue
            }
            let name = roster.names[position]
            guard let entry = entries[name] else { continue }
            guard count < Self.stepLimit else {
                // The remaining entries follow at once in the next round.
                wake = now
                break
            }
            if let until = refusedUntil[name], until > now, until <= now + Self.refusalPause { continue }
            refusedUntil[name] = nil
            let old = records[name]
            var plan = EntryPlan(entry, old, now: now, isRunning: old?.open.isEmpty == false)
            plan.noteSent(beat: configuration.name)
            if let next = plan.wake { wake = min(wake, next) } else if old?.next != nil, plan.record.pause == nil { log.neverDue(entry) }
            if plan.record == old && !touched.contains(name) {
                roster.rest(at: position, until: plan.wake)
                continue
            }
            plans.append(Planned(entry: entry, plan: plan))
            count += plan.sends.count
        }
        // Records that changed although their entry has no plan in this round.
        let others = touched.subtracting(plans.map(\.entry.name)).compactMap { records[$0] }
        guard !plans.isEmpty || !others.isEmpty || !commands.isEmpty else { return wake }
        do {
            if try await send(plans, others, settling: commands, seat, now) { return wake }
        } catch let error as DriverError where error.isAboutRequest && !plans.isEmpty {
            // The broker refuses a message of one entry, which must not delay the others.
            for plan in plans {
                do {
                    guard try await send([plan], [], settling: [], seat, now) else { return now }
                } catch let error as DriverError where error.isAboutRequest {
                    log.refused(plan.entry, error)
                    refusedUntil[plan.entry.name] = now + Self.refusalPause
                    refusal = error
                }
            }
            if try await send([], others, settling: commands, seat, now) { return wake }
        }
        return now
    }

    /// An entry and its plan.
    private struct Planned {
        var entry: Entry
        var plan: EntryPlan
    }

    /// Sends the planned runs; once the broker has them, adopts the planned records.
    ///
    /// - Returns: `false` if another beat has become the leader; then nothing was sent.
    private func send(
        _ plans: [Planned], _ others: [EntryRecord], settling commands: [Int64], _ seat: any BeatSeat, _ now: Timestamp
    ) async throws -> Bool {
        let messages = plans.flatMap { planned in
            planned.plan.sends.map { planned.entry.message(due: $0, beat: configuration.name) }
        }
        guard try await seat.send(messages, writing: plans.map(\.plan.record) + others, settling: commands) else {
            isLeading = nil
            return false
        }
        for planned in plans {
            let (entry, plan) = (planned.entry, planned.plan)
            records[entry.name] = plan.record
            for passed in plan.passedOver { log.passedOver(entry, passed) }
            for due in plan.sends { log.sent(entry, due, entry.id(due: due, beat: configuration.name), now: now) }
        }
        return true
    }
}

extension Timestamp {
    static let distantFuture = Timestamp(seconds: 1e11)
}
