import CeleryCore

extension Worker {
    /// Whether a delivery may be of a task that ran, or runs, already: its connection was lost, or a beat
    /// did not learn that it had sent it.
    func mayRepeat(_ delivery: Delivery) -> Bool {
        delivery.handle.attempt > delivery.message.retries + 1 || delivery.message.headers[BeatHeader.due] != nil
    }

    /// Takes a delivery for another one of a task that runs here this moment: running it a second time beside
    /// the first would help nobody. What the task comes to settles the newest delivery, and ends the others.
    ///
    /// - Returns: false when no such task runs here.
    func adopt(_ delivery: Delivery, _ settler: any Settler) -> Bool {
        // Where a lease says whose a message is, one that comes again is fenced off from the first.
        guard settler is OrderedSettler, mayRepeat(delivery),
            let tag = inFlight.first(where: { $0.value.delivery.message.id == delivery.message.id })?.key,
            var entry = inFlight[tag]
        else { return false }
        // One of an earlier attempt is what was left of it, and only ends.
        if entry.isAcknowledged || delivery.handle.attempt < entry.delivery.handle.attempt {
            entry.others.append(delivery.handle)
        } else {
            entry.others.append(entry.delivery.handle)
            entry.delivery.handle = delivery.handle
        }
        inFlight[tag] = entry
        log.adopted(delivery)
        return true
    }

    /// What the store tells of deliveries that came before.
    struct Recorded {
        /// Those whose result is recorded: their acknowledgement was lost with a connection or a worker, and running
        /// them again would help nobody.
        var done: Set<TaskID> = []
        /// Those that had begun, and ran for a moment at least.
        var begun: [TaskID: TaskResult] = [:]
    }

    /// Looks up those deliveries that came before.
    func recorded(_ deliveries: [Delivery], _ settler: any Settler) async -> Recorded {
        // Who settles atomically has no such gap; who only sends results cannot look them up.
        guard settler is OrderedSettler, let store, !(store is any ResultAnswering) else { return Recorded() }
        let ids = deliveries.filter(mayRepeat).map(\.message.id)
        guard !ids.isEmpty else { return Recorded() }
        do {
            let results = try await store.results(for: ids)
            return Recorded(
                done: Set(results.values.filter(\.state.isReady).map(\.id)), begun: results.filter { $0.value.state == .started })
        } catch {
            log.brokerTrouble("cannot look up results of messages that came again", error)
            return Recorded()
        }
    }
}

extension Delivery {
    /// The same, with what a store knows that the broker does not: that the task had begun when its worker was lost, and
    /// how often that was so before.
    func blamed(by started: TaskResult?) -> Delivery {
        guard doubts > 0, let started else { return self }
        var delivery = self
        delivery.crashes = max(crashes, started.crashes + 1)
        delivery.doubts = max(0, doubts - delivery.crashes)
        return delivery
    }
}
