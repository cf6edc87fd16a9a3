package import CeleryCore
import CeleryDB
import SQLite
import Synchronization
import Wire

extension SQLiteConsumer: LimitKeeping {
    func admit(_ deliveries: [(handle: DeliveryHandle, limit: TaskLimit)]) async throws -> [Bool] {
        guard !deliveries.isEmpty else { return [] }
        // A message from a limit queue has passed its limits.
        let passed = admitted.withLock { $0 }
        let told = rates.withLock { $0 }
        var news: [String: RateLimit] = [:]
        for (_, limit) in deliveries {
            if let rate = limit.rate, told[limit.task] != rate { news[limit.task] = rate }
        }
        guard !news.isEmpty || deliveries.contains(where: { !passed.contains($0.handle) }) else { return deliveries.map { _ in true } }
        let answers = try await broker.file.write(durable: false) { [broker, number, news] db in
            let now = broker.now()
            var rates = RateTable()
            for (task, rate) in news { try rates.announce(task, rate, in: db) }
            let answers = try deliveries.map { delivery in
                if passed.contains(delivery.handle) { return true }
                return try LimitTable.admit(delivery.handle, delivery.limit, of: number, &rates, now: now, in: db)
            }
            try rates.save(in: db)
            return answers
        }
        rates.withLock { $0.merge(news) { $1 } }
        return answers
    }

    func takeWaiting(_ revocations: [Revocation]) async throws -> [Delivery] {
        // One of several workers is first; the others find nothing and must not write.
        guard try await broker.file.read({ try LimitTable.mayHave(revocations, in: $0) || ReadyTable.has(revocations, in: $0) }) else { return [] }
        let rows = try await broker.file.write(durable: false) { [broker, queues, number] db in
            let now = broker.now()
            return try LimitTable.take(revocations, from: queues, worker: number, now: now, in: db)
                + ReadyTable.take(revocations, from: queues, worker: number, now: now, in: db)
        }
        return try rows.map { Delivery(handle: $0.handle, message: try $0.encoded.message()) }
    }

    func leaveSlots(_ handles: [DeliveryHandle]) async throws {
        try await broker.file.write(waking: true, durable: false) { [number] db in
            try LimitTable.leaveSlots(of: handles.map(\.tag), by: number, in: db)
        }
    }

    func announce(rates options: [String: RateLimit?]) async throws {
        let mentioned = try await broker.file.read { db in Set(try String.fetchAll(db, sql: "SELECT task FROM rate_limit")) }
        // Most tasks have no rate and never had one.
        let news = options.filter { $0.value != nil || mentioned.contains($0.key) }
        guard !news.isEmpty else { return }
        try await broker.file.write(waking: true) { db in
            var rates = RateTable()
            for (task, rate) in news { try rates.announce(task, rate, in: db) }
            try rates.save(in: db)
        }
        rates.withLock { $0.merge(news.compactMapValues { $0 }) { $1 } }
    }

    func setRate(_ rate: RateLimit?, of task: String) async throws {
        try await broker.file.write(waking: true) { db in
            var rates = RateTable()
            try rates.change(task, to: rate, in: db)
            try rates.save(in: db)
        }
        rates.withLock { $0[task] = rate }
    }
}

extension SQLiteBroker: LimitReporting {
    package func limitWait(of id: TaskID) async throws -> LimitWait? {
        let now = self.now()
        return try await file.read { try LimitTable.wait(of: id, now: now, in: $0) }
    }
}
