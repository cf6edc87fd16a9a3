import CeleryCore
import Processes

extension Worker {
    /// What is left over is looked for so often, and results are dropped so many at a time.
    private static let cleanupInterval: Duration = .seconds(60)
    private static let cleanupBatch = 1_000

    /// Keeps the lease, ends what dead workers left running, and drops expired results, until it is cancelled.
    func keepHouse(_ consumer: any BrokerConsumer) async {
        let holder = consumer as? any LeaseHolding
        var nextCleanup = ContinuousClock.now
        var mayHaveOrphans = false
        while !Task.isCancelled {
            if let holder {
                do {
                    for (worker, messages) in try await holder.renewLease() where messages > 0 {
                        log.tookOver(worker, messages)
                        mayHaveOrphans = true
                    }
                } catch let error as DriverError where error.code == .unusable {
                    return fail("\(error)")
                } catch {
                    if !Task.isCancelled { log.brokerTrouble("cannot renew the lease", error) }
                }
            }
            await keepPlaces()
            if mayHaveOrphans || nextCleanup <= .now {
                mayHaveOrphans = false
                log.killed(orphans: Orphans.kill())
            }
            if nextCleanup <= .now {
                nextCleanup = .now + Self.cleanupInterval
                do {
                    try await dropExpiredResults()
                } catch {
                    if !Task.isCancelled { log.brokerTrouble("cannot drop expired results", error) }
                }
            }
            try? await Task.sleep(for: holder?.leaseRenewalInterval ?? .seconds(5))
        }
    }

    /// Logs what happens between the subscription and the broker, until either ends.
    func followNotices(_ consumer: any BrokerConsumer) async {
        guard let reporting = consumer as? any BrokerReporting else { return }
        for await notice in reporting.notices { log.notice(notice) }
    }

    /// In small batches, so that others can write in between.
    func dropExpiredResults() async throws {
        guard let store = store as? any ResultExpiring else { return }
        while try await store.dropExpired(now: now(), limit: Self.cleanupBatch) == Self.cleanupBatch {
            await Task.yield()
        }
    }
}
