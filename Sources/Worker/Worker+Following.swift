import CeleryCore
import Tasks

extension Worker {
    /// Outcomes to record, by whether the delivery is still leased.
    private struct Endings {
        var leased: [Outcome] = []
        var acknowledged: [Outcome] = []

        mutating func add(_ outcome: Outcome, _ entry: InFlight) {
            if entry.isAcknowledged { acknowledged.append(outcome) } else { leased.append(outcome) }
            end(entry.others)
        }

        /// Ends further deliveries of the same message.
        mutating func end(_ others: [DeliveryHandle]) {
            leased += others.map { Outcome(handle: $0, results: []) }
        }
    }

    /// Follows the pool: turns what it tells into outcomes, until all children are gone.
    func follow(_ pool: Pool, _ consumer: any BrokerConsumer, _ settler: any Settler) async {
        while true {
            let events = await pool.events.take()
            var outcomes = Endings()
            var unstarted: [DeliveryHandle] = []
            var interrupted: [InFlight] = []
            var hasEnded = false
            for event in events {
                switch event {
                case .began(let tag, let pid):
                    begin(tag, pid)
                case .report(let report):
                    finish(report, &outcomes)
                case .returned(let tags):
                    if shutdown == nil { prefetch.noteCongestion() }
                    taken -= tags.count
                    for entry in tags.compactMap({ inFlight.removeValue(forKey: $0) }) {
                        if entry.isAcknowledged {
                            outcomes.acknowledged.append(entry.again)
                        } else {
                            unstarted.append(entry.delivery.handle)
                            outcomes.end(entry.others)
                        }
                    }
                case .lost(let tag, let reason):
                    lose(tag, reason, &outcomes, &interrupted)
                case .timedOut(let tag, let seconds):
                    if let entry = inFlight.removeValue(forKey: tag) {
                        tell(.failed(entry.delivery, attempt: entry.attempt, .timeLimitExceeded(seconds)))
                        outcomes.add(builder(for: entry).outcome(.failure, failure: .timeLimitExceeded(seconds)), entry)
                    }
                case .log(let line):
                    log.line(line)
                case .replaced(let reason):
                    log.replaced(reason)
                case .short(let reason):
                    log.short(reason)
                case .staffed(let processes):
                    staff.note(processes)
                case .ready(let count):
                    if count >= configuration.pool.size { isReady = true }
                case .failed(let reason):
                    failure = WorkerError(description: "the pool failed: \(reason)")
                    shutdown = .cold
                    waiting?.cancel()
                case .ended:
                    hasEnded = true
                    shutdown = shutdown ?? .cold
                }
            }
            // What is interrupted goes back only after what ended is recorded.
            await settle(outcomes.leased, settler)
            await settle(outcomes.acknowledged, acknowledgedSettler(beside: settler))
            for entry in interrupted { await giveBack(interrupted: entry, consumer, settler) }
            await giveBack(unstarted, started: false, consumer, settler)
            if limits.count > 0 { waiting?.cancel() }
            room.ring()
            finishIfDone()
            if hasEnded { return }
        }
    }

    /// A child has begun a job.
    private func begin(_ tag: Int64, _ pid: Int32) {
        guard var entry = inFlight[tag] else { return }
        entry.began = now()
        entry.childPID = Int(pid)
        staff.began(pid)
        inFlight[tag] = entry
        tell(.began(entry.delivery, attempt: entry.attempt, pid: Int(pid)))
    }

    /// A job came to its end: says so in the log, and makes its outcome.
    private func finish(_ report: JobReport, _ outcomes: inout Endings) {
        guard let entry = inFlight.removeValue(forKey: report.tag) else { return }
        prefetch.note(duration: report.duration)
        noteEnd(entry)
        let outcome = builder(for: entry).outcome(of: report)
        tell(.ended(entry.delivery, attempt: entry.attempt, report))
        outcomes.add(outcome, entry)
    }

    /// A job was under way in a child that died: it is tried again, within its crash limit.
    private func lose(
        _ tag: Int64, _ reason: String, _ outcomes: inout Endings, _ interrupted: inout [InFlight]
    ) {
        guard let entry = inFlight.removeValue(forKey: tag) else { return }
        let crashes = entry.attempt - entry.delivery.message.retries
        let limit = entry.definition.options.crashLimit ?? configuration.crashLimit
        if entry.isAcknowledged || (crashes >= limit && shutdown != .cold) {
            let failure = TaskFailure.workerLost("\(reason) (attempt \(entry.attempt), not tried again)")
            tell(.failed(entry.delivery, attempt: entry.attempt, failure))
            outcomes.add(builder(for: entry).outcome(.failure, failure: failure), entry)
        } else {
            tell(.interrupted(entry.delivery, attempt: entry.attempt, reason: reason))
            interrupted.append(entry)
            outcomes.end(entry.others)
        }
    }

    func builder(for entry: InFlight) -> OutcomeBuilder {
        var builder = OutcomeBuilder(delivery: entry.delivery, worker: configuration.identity.name, now: now())
        builder.attempt = entry.attempt
        builder.started = entry.started
        builder.ignoresResult =
            entry.delivery.message.ignoreResult ?? entry.definition.options.ignoreResult ?? configuration.ignoreResult
        return builder
    }

    /// Settles outcomes, trying again until it works: the tasks have run, and their
    /// results must not be lost to a full disk or a broker that is away for a while.
    ///
    /// A worker that is to stop gives up where that loses nothing, or nothing that was promised.
    ///
    /// - Returns: what became of them.
    @discardableResult
    func settle(_ outcomes: [Outcome], _ settler: any Settler) async -> Settlement {
        var settlement = Settlement(outcomes)
        guard !outcomes.isEmpty else { return settlement }
        var backoff = Backoff()
        while true {
            do {
                try await settler.settle(&settlement)
                for outcome in settlement.late { log.fencedOff(outcome) }
                lastSuccess = .now
                return settlement
            } catch {
                let count = settlement.open.count
                log.brokerTrouble("cannot record \(count) outcome\(count == 1 ? "" : "s")", error)
                if shutdown == .cold { return settlement }
                if isHopeless(settler) {
                    log.unrecorded(settlement.open)
                    return settlement
                }
                await pause(backoff.next())
            }
        }
    }

    /// Gives messages back, trying again until it works: this worker keeps its lease, so
    /// that nobody else would ever get them.
    ///
    /// - Returns: why it will never work, if so.
    @discardableResult
    func giveBack(
        _ handles: [DeliveryHandle], started: Bool, _ consumer: any BrokerConsumer, _ settler: any Settler
    ) async -> DriverError? {
        guard !handles.isEmpty else { return nil }
        var backoff = Backoff()
        while true {
            do {
                try await consumer.giveBack(handles, started: started)
                return nil
            } catch let error as DriverError where error.isAboutRequest && started {
                return error
            } catch {
                log.brokerTrouble("cannot give back \(handles.count) message\(handles.count == 1 ? "" : "s")", error)
                // They go back when the consumer closes, or with the lease.
                if shutdown == .cold || isHopeless(settler) { return nil }
                await pause(backoff.next())
            }
        }
    }

    /// Gives back a message whose task was under way. It is alone, for a broker may have to publish
    /// it again: one that cannot be published must not take others with it. It fails.
    private func giveBack(interrupted entry: InFlight, _ consumer: any BrokerConsumer, _ settler: any Settler) async {
        guard let error = await giveBack([entry.delivery.handle], started: true, consumer, settler) else { return }
        let failure = TaskFailure.unsent("\(error)", isNextTry: true)
        tell(.failed(entry.delivery, attempt: entry.attempt, failure))
        await settle([builder(for: entry).outcome(.failure, failure: failure)], settler)
    }

    /// Whether this worker is to stop, and has tried in vain for long enough.
    private func isHopeless(_ settler: any Settler) -> Bool {
        shutdown != nil && settler.mayGiveUp && lastSuccess + configuration.stoppingPatience <= .now
    }

    /// Waits, but not longer than until a cold shutdown.
    private func pause(_ duration: Duration) async {
        await room.wait(since: room.count, until: .now + duration)
    }
}
