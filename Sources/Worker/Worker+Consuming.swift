import CeleryCore
import Tasks

extension Worker {
    /// Takes deliveries while there is room, until a shutdown.
    func consume(
        from consumer: any BrokerConsumer, _ pool: Pool, _ settler: any Settler, _ onReady: @Sendable () async -> Void
    ) async {
        guard await waitForPool() else { return }
        await onReady()
        var backoff = Backoff()
        while shutdown == nil {
            let seen = room.count
            let seenReturns = returns
            if hasTakenAll && inFlight.isEmpty { break }
            let space = freePlaces
            if space == 0 {
                (consumer as? any DeliveryPushing)?.haveNoRoom()
                await room.wait(since: seen, until: nil)
                continue
            }
            do {
                let deliveries = try await takeWithinLimits(space, consumer, settler)
                backoff.reset()
                if shutdown != nil {
                    await giveBack(deliveries.map(\.handle), started: false, consumer, settler)
                    await leavePlaces(haveAdmitted: true)
                } else if deliveries.isEmpty {
                    if try await isFinished(consumer) { break }
                    if returns == seenReturns { await waitForMessages(consumer) }
                } else {
                    await admit(deliveries, pool, settler)
                    await leavePlaces(haveAdmitted: true)
                }
            } catch {
                log.brokerTrouble("cannot take messages", error)
                await pause(backoff.next())
            }
        }
        await giveBack(limits.popAll().map(\.handle), started: false, consumer, settler)
        if shutdown == nil { stop(.warm) }
    }

    /// Room in the pool, within what `maxTasks` leaves.
    private var freePlaces: Int {
        let free = max(0, prefetch.limit - inFlight.count)
        guard free >= prefetch.step || inFlight.isEmpty, slowCount < Self.slowLimit else { return 0 }
        return configuration.maxTasks > 0 ? min(free, max(0, configuration.maxTasks - taken)) : free
    }

    /// Whether the tasks it may run are all taken. One that comes back from the pool unbegun was not.
    private var hasTakenAll: Bool { configuration.maxTasks > 0 && taken >= configuration.maxTasks }

    private func waitForPool() async -> Bool {
        while !isReady && shutdown == nil && failure == nil {
            let seen = room.count
            if isReady || shutdown != nil || failure != nil { break }
            await room.wait(since: seen, until: nil)
        }
        return isReady && shutdown == nil
    }

    /// Waits until the broker may have something, or a shutdown ends the wait.
    private func waitForMessages(_ consumer: any BrokerConsumer) async {
        guard shutdown == nil else { return }
        var deadline: ContinuousClock.Instant? = configuration.isBurst ? .now + .milliseconds(100) : nil
        if let look = nextLimitLook {
            let instant = ContinuousClock.now + max(.zero, look - now())
            deadline = deadline.map { min($0, instant) } ?? instant
        }
        let waiting = Task { try await consumer.waitForWork(until: deadline) }
        self.waiting = waiting
        _ = try? await waiting.value
        self.waiting = nil
    }

    /// Whether a burst worker has nothing left to do.
    private func isFinished(_ consumer: any BrokerConsumer) async throws -> Bool {
        guard configuration.isBurst, inFlight.isEmpty, limits.count == 0 else { return false }
        guard let knowing = consumer as? any BacklogKnowing else { return true }
        return try await knowing.backlog() == 0
    }

    /// Sends deliveries to the pool, and settles at once those that do not run there.
    private func admit(_ deliveries: [Delivery], _ pool: Pool, _ settler: any Settler) async {
        let admission = Admission(configuration: configuration, registry: registry, revocations: revocations)
        let now = self.now()
        var jobs: [JobRequest] = []
        var early: [Outcome] = []
        var refused: [Outcome] = []
        var own: [(BuiltinTask, Delivery)] = []
        var adopted = 0
        let recorded = await recorded(deliveries, settler)
        for delivery in deliveries {
            let delivery = delivery.blamed(by: recorded.begun[delivery.message.id])
            // A task of the worker's own that looks again every second is told of once.
            if let defect = delivery.defect {
                log.unreadable(delivery, defect)
            } else if delivery.message.retries == 0 || BuiltinTask(name: delivery.message.task) == nil { tell(.received(delivery)) }
            if recorded.done.contains(delivery.message.id) {
                log.repeated(delivery)
                refused.append(Outcome(handle: delivery.handle, results: []))
                continue
            }
            if adopt(delivery, settler) {
                adopted += 1
                continue
            }
            switch admission.decide(delivery, now: now) {
            case .run(var job, let definition):
                lastJob += 1
                totals[delivery.message.task, default: 0] += 1
                job.tag = lastJob
                if definition.options.acknowledgement == .early {
                    early.append(acknowledgement(of: delivery, now))
                    if definition.options.concurrency != nil, consumer is any LimitKeeping {
                        early[early.count - 1].keepsPlace = true
                        places[delivery.handle] = .admitting
                    }
                }
                inFlight[job.tag] = InFlight(
                    delivery: delivery, definition: definition, started: now, isAcknowledged: false,
                    attempt: delivery.handle.attempt)
                if definition.options.concurrency != nil {
                    inFlight[job.tag]?.concurrencyKey = concurrencyKey(of: delivery.message, definition.options)
                    inFlight[job.tag]?.place = delivery.handle
                }
                jobs.append(job)
            case .builtin(let task):
                own.append((task, delivery))
            case .settle(let outcome, let reason):
                if delivery.defect == nil { tell(.refused(delivery, outcome, reason: reason)) }
                refused.append(outcome)
            }
        }
        taken += deliveries.count - own.count - adopted
        let settlement = await settle(early + refused.filter { !$0.sendsMessages }, settler)
        noteAcknowledged(early, settlement.uncounted, &jobs)
        pool.submit(jobs)
        await record(refused.filter(\.sendsMessages), settler)
        var outcomes: [Outcome] = []
        for (task, delivery) in own { outcomes.append(await run(task, delivery)) }
        await record(outcomes, settler)
    }

    /// Deliveries that were to be acknowledged before they run are acknowledged now. Those that
    /// could not be are another's, or come again, and are not run here.
    private func noteAcknowledged(_ early: [Outcome], _ uncounted: Set<DeliveryHandle>, _ jobs: inout [JobRequest]) {
        guard !early.isEmpty else { return }
        let early = Set(early.map(\.handle))
        jobs.removeAll { job in
            guard let entry = inFlight[job.tag], early.contains(entry.delivery.handle) else { return false }
            guard uncounted.contains(entry.delivery.handle) else {
                inFlight[job.tag]?.isAcknowledged = true
                return false
            }
            inFlight[job.tag] = nil
            totals[entry.delivery.message.task, default: 1] -= 1
            taken -= 1
            return true
        }
    }

    /// The outcome that acknowledges a delivery before it runs. From then on only the
    /// result store can tell of the task, so it says that it runs.
    private func acknowledgement(of delivery: Delivery, _ now: Timestamp) -> Outcome {
        var builder = OutcomeBuilder(delivery: delivery, worker: configuration.identity.name, now: now)
        builder.started = now
        return Outcome(handle: delivery.handle, results: [builder.startedResult()])
    }
}
