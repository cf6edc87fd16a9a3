import CeleryCore
import CeleryDB
import SQLite
import Synchronization

extension SQLiteConsumer: OrderFollowing {
    /// Commits follow one another quickly while much is done; more often than this nobody looks for orders.
    private static let pauseBetweenLooks: Duration = .milliseconds(20)

    func takeOrders() async throws -> StandingOrders {
        let now = broker.now()
        // The first are heeded before anything is taken.
        defer { heededOrder.withLock { $0 = $0 ?? lastOrder.withLock { $0 } } }
        let after = lastOrder.withLock { $0 }
        let (orders, last) = try await broker.file.read { db in
            var orders = StandingOrders()
            let (revocations, last) = try OrderTable.revocations(after: after, now: now, in: db)
            orders.revocations = revocations
            orders.pauses = try OrderTable.pauses(now: now, in: db)
            return (orders, last)
        }
        lastOrder.withLock { $0 = max($0, last) }
        return orders
    }

    /// Looks after each commit of anybody; costs nothing while nothing happens.
    func waitForOrders() async throws {
        let known = lastOrder.withLock { $0 }
        // Whoever waits for the next has heeded the last.
        let isNews = heededOrder.withLock { heeded in
            defer { heeded = known }
            return heeded != known
        }
        if isNews { broker.file.wake() }
        while true {
            let seen = broker.file.watch.generation
            if try await broker.file.read({ try OrderTable.last(in: $0) }) > known { return }
            await broker.file.watch.wait(since: seen, until: .now + Self.fallbackPoll)
            try await Task.sleep(for: Self.pauseBetweenLooks)
        }
    }

    /// Whether there are orders that the worker does not heed yet.
    func hasNewOrders(in db: Database) throws -> Bool {
        guard let heeded = heededOrder.withLock({ $0 }) else { return false }
        return try OrderTable.last(in: db) > heeded
    }
}
