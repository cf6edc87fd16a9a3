import CeleryCore
import Glibc
import Processes

extension Worker {
    /// Learns what is ordered as it comes, until it is cancelled.
    func followOrders(_ consumer: any BrokerConsumer, _ settler: any Settler) async {
        guard let following = consumer as? any OrderFollowing else { return }
        var backoff = Backoff()
        while !Task.isCancelled {
            do {
                try await following.waitForOrders()
                try await takeOrders(of: following, settler)
                backoff.reset()
            } catch {
                if Task.isCancelled { return }
                log.brokerTrouble("cannot look for orders", error)
                try? await Task.sleep(for: backoff.next())
            }
        }
    }

    /// Heeds what is ordered so far.
    func takeOrders(of following: any OrderFollowing, _ settler: any Settler) async throws {
        let orders = try await following.takeOrders()
        await revoke(orders.revocations, following, settler)
        await heed(orders.pauses, following, settler)
    }

    /// Runs no task that these cover, and ends those under way if that is ordered.
    ///
    /// - Returns: the tasks that were told to end.
    @discardableResult
    func revoke(_ new: [Revocation], _ consumer: any BrokerConsumer, _ settler: any Settler) async -> Set<TaskID> {
        guard !new.isEmpty else { return [] }
        let now = self.now()
        for revocation in new { revocations.add(revocation, now: now) }
        var told: Set<TaskID> = []
        var unbegun: [Int64] = []
        for (tag, entry) in inFlight {
            guard let revocation = new.last(where: { $0.covers(entry.delivery.message) }) else { continue }
            inFlight[tag]!.isRevoked = true
            if revocation.isTerminating {
                told.insert(entry.delivery.message.id)
                log.terminating(entry.delivery, revocation)
                pool?.terminate(tag, signal: Signal.number(of: revocation.signal) ?? SIGTERM)
            } else if entry.began == nil {
                unbegun.append(tag)
            }
        }
        pool?.recall(unbegun)
        // What waits for its limits is not to wait for its turn to end.
        await drop(limits.pop { delivery in new.contains { $0.covers(delivery.message) } }, settler)
        if let keeper = consumer as? any LimitKeeping {
            do {
                await drop(try await keeper.takeWaiting(new), settler)
            } catch {
                log.brokerTrouble("cannot look for revoked tasks that wait for their limits", error)
            }
        }
        if let holding = consumer as? any HoldingAhead {
            let held = await holding.takeAhead { message in new.contains { $0.covers(message) } }
            await drop(held, settler)
        }
        return told
    }

    /// Records that deliveries are revoked.
    private func drop(_ deliveries: [Delivery], _ settler: any Settler) async {
        let now = self.now()
        var outcomes: [Outcome] = []
        for delivery in deliveries {
            let outcome = OutcomeBuilder(delivery: delivery, worker: configuration.identity.name, now: now)
                .outcome(.revoked, failure: .revoked("revoked"))
            tell(.refused(delivery, outcome, reason: "revoked"))
            outcomes.append(outcome)
        }
        await settle(outcomes, settler)
    }

    /// Gives back what was taken of queues that are paused now, and is not begun. The subscription takes no more of them.
    private func heed(_ pauses: [String: QueuePause], _ consumer: any BrokerConsumer, _ settler: any Settler) async {
        let now = self.now()
        for (queue, pause) in pauses where pause != pausedQueues[queue] && pause.holds(at: now) { log.paused(queue, pause) }
        for queue in pausedQueues.keys where pauses[queue] == nil { log.resumed(queue) }
        pausedQueues = pauses
        guard !pauses.isEmpty else { return }
        let tags = inFlight.filter { entry in
            entry.value.began == nil && (pauses[entry.value.delivery.message.route.queue]?.holds(at: now) ?? false)
        }.map(\.key)
        pool?.recall(tags)
        let held = limits.pop { pauses[$0.message.route.queue]?.holds(at: now) ?? false }
        await giveBack(held.map(\.handle), started: false, consumer, settler)
    }
}
