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
            var interrupted: [Interrupted] = []
            var hasEnded = false
            for event in events {
                switch event {
                case .began(let tag, let pid):
                    begin(tag, pid)
                case .report(let report):
                    finish(report, &outcomes)
                case .returned(let tags):
                    if shutdown == nil { prefetch.noteCongestion() }
                    takeBack(tags, &outcomes, &unstarted)
                case .recalled(let tags):
                    takeBack(tags, &outcomes, &unstarted)
                case .lost(let tag, let reason, let cause):
                    lose(tag, reason, cause, &outcomes, &interrupted)
                case .timedOut(let tag, let seconds):
                    end(tag, killedFor: .timeLimitExceeded(seconds), &outcomes)
                case .outgrew(let tag, let limit, let peak):
                    end(tag, killedFor: .memoryLimitExceeded(limit: limit, peak: peak), &outcomes)
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
                    stopping.ring()
                case .ended:
                    hasEnded = true
                    shutdown = shutdown ?? .cold
                }
            }
            // What is interrupted goes back only after what ended is recorded.
            await record(outcomes.leased, settler)
            await record(outcomes.acknowledged, acknowledgedSettler(beside: settler))
            if shutdown != nil && !hasEndedPushing {
                hasEndedPushing = true
                await (consumer as? any DeliveryPushing)?.endPushing()
            }
            for task in interrupted { await giveBack(task, consumer, settler) }
            await giveBack(unstarted, started: false, consumer, settler)
            await leavePlaces()
            if limits.count > 0 { waiting?.cancel() }
            room.ring()
            finishIfDone()
            if hasEnded { return await finishRecording() }
        }
    }

    /// Jobs came back from the pool unbegun: for the queue, unless they are revoked.
    private func takeBack(_ tags: [Int64], _ outcomes: inout Endings, _ unstarted: inout [DeliveryHandle]) {
        taken -= tags.count
        for entry in tags.compactMap({ inFlight.removeValue(forKey: $0) }) {
            if entry.isRevoked {
                let outcome = builder(for: entry).outcome(.revoked, failure: .revoked("revoked"))
                tell(.refused(entry.delivery, outcome, reason: "revoked"))
                outcomes.add(outcome, entry)
            } else if entry.isAcknowledged {
                outcomes.acknowledged.append(entry.again)
            } else {
                unstarted.append(entry.delivery.handle)
                outcomes.end(entry.others)
            }
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
        let outcome = outcome(of: report, entry)
        tell(.ended(entry.delivery, attempt: entry.attempt, report))
        outcomes.add(outcome, entry)
    }

    private func outcome(of report: JobReport, _ entry: InFlight) -> Outcome {
        var builder = builder(for: entry)
        if case .retry = report.ending {
            builder.retryEnd = RetryPolicy.plan(for: entry.delivery.message, entry.definition.options, received: entry.started).until
        }
        return builder.outcome(of: report)
    }

    /// A job was killed with its child for passing a limit: that is what it failed of, unless it is tried again for it.
    private func end(_ tag: Int64, killedFor failure: TaskFailure, _ outcomes: inout Endings) {
        guard let entry = inFlight.removeValue(forKey: tag) else { return }
        let plan = RetryPolicy.plan(for: entry.delivery.message, entry.definition.options, received: entry.started)
        let delay = plan.wait { .random(in: 0...1) }
        if plan.takes(failure), plan.allows(delay, now: now()) {
            let report = JobReport(
                tag: tag, ending: .retry(delay: delay, failure, traceback: nil), duration: entry.seconds(until: now()))
            tell(.ended(entry.delivery, attempt: entry.attempt, report))
            outcomes.add(outcome(of: report, entry), entry)
        } else {
            tell(.failed(entry.delivery, attempt: entry.attempt, failure, seconds: entry.seconds(until: now())))
            outcomes.add(builder(for: entry).outcome(.failure, failure: failure), entry)
        }
    }

    /// A job was under way in a child that died: it is tried again, within its crash limit.
    private func lose(
        _ tag: Int64, _ reason: String, _ cause: DeathReason, _ outcomes: inout Endings, _ interrupted: inout [Interrupted]
    ) {
        guard let entry = inFlight.removeValue(forKey: tag) else { return }
        // What dies with a worker that is told to stop now is not to blame.
        let isCrash = shutdown != .cold
        let crashes = entry.delivery.crashes + (isCrash ? 1 : 0)
        let limit = entry.definition.options.crashLimit ?? configuration.crashLimit
        if entry.isAcknowledged || (isCrash && crashes >= limit) {
            let failure = TaskFailure.workerLost("\(reason) (attempt \(entry.attempt), not tried again)")
            tell(.failed(entry.delivery, attempt: entry.attempt, failure, seconds: entry.seconds(until: now())))
            outcomes.add(builder(for: entry).burial(isCrash ? cause : .lost, failure: failure, crashes: crashes), entry)
        } else {
            tell(.interrupted(entry.delivery, attempt: entry.attempt, reason: reason, seconds: entry.seconds(until: now())))
            interrupted.append(Interrupted(entry: entry, isCrash: isCrash))
            outcomes.end(entry.others)
        }
    }

    /// A task that was under way in a child that died, and goes back to its queue.
    private struct Interrupted {
        var entry: InFlight
        /// Whether it may be what the child died of.
        var isCrash: Bool
    }

    func builder(for entry: InFlight) -> OutcomeBuilder {
        var builder = OutcomeBuilder(delivery: entry.delivery, worker: configuration.identity.name, now: now())
        builder.attempt = entry.attempt
        builder.started = entry.started
        builder.ignoresResult =
            entry.delivery.message.ignoreResult ?? entry.definition.options.ignoreResult ?? configuration.ignoreResult
        return builder
    }

    /// Gives messages back, trying again until it works: this worker keeps its lease, so
    /// that nobody else would ever get them.
    ///
    /// - Returns: why it will never work, if so.
    @discardableResult
    func giveBack(
        _ handles: [DeliveryHandle], started: Bool, isCrash: Bool = false, _ consumer: any BrokerConsumer,
        _ settler: any Settler
    ) async -> DriverError? {
        guard !handles.isEmpty else { return nil }
        var backoff = Backoff()
        while true {
            do {
                if isCrash {
                    try await consumer.giveBack(crashed: handles)
                } else {
                    try await consumer.giveBack(handles, started: started)
                }
                // For them the broker was told that there is no room, and there may be by now.
                returns += 1
                waiting?.cancel()
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
    private func giveBack(_ task: Interrupted, _ consumer: any BrokerConsumer, _ settler: any Settler) async {
        let entry = task.entry
        guard let error = await giveBack([entry.delivery.handle], started: true, isCrash: task.isCrash, consumer, settler)
        else { return }
        let failure = TaskFailure.unsent("\(error)", isNextTry: true)
        tell(.failed(entry.delivery, attempt: entry.attempt, failure, seconds: nil))
        await settle([builder(for: entry).outcome(.failure, failure: failure)], settler)
    }
}
