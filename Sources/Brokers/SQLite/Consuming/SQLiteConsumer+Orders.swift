import CeleryCore
import SQLite
import Synchronization

extension SQLiteConsumer: OrderFollowing {
    /// Pause between looks for commands: on a busy file commits follow one another quickly.
    private static let pauseBetweenLooks: Duration = .milliseconds(20)

    func takeOrders() async throws -> StandingOrders {
        let now = broker.now()
        // The first commands are in force before any message is taken.
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

    /// Looks after each commit of any process; costs nothing while there are none.
    func waitForOrders() async throws {
        let known = lastOrder.withLock { $0 }
        // Waiting for the next command means that the last one is in force.
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

    /// Whether there are commands that the worker has not applied yet.
    func hasNewOrders(in db: Database) throws -> Bool {
        guard let heeded = heededOrder.withLock({ $0 }) else { return false }
        return try OrderTable.last(in: db) > heeded
    }
}
