import CeleryCore
import Fixtures
import Wire

extension Message {
    /// A message of task `name`, by which tests know it again.
    init(_ name: String, queue: String = "celery", priority: Int? = nil, eta: Timestamp? = nil) {
        self.init(task: name, body: BodyCodec.encode(TaskArguments()))
        route.queue = queue
        self.priority = priority
        self.eta = eta
    }
}

extension [Delivery] {
    /// The names of the tasks, in order.
    var names: [String] { map(\.message.task) }
    var attempts: [Int] { map(\.handle.attempt) }
    var outcomes: [Outcome] { map { Outcome(handle: $0.handle, results: []) } }
}

extension TestWorker {
    /// What there is now.
    ///
    /// - Parameter count: How many are expected: a busy server may take its time with these.
    func takeAll(expecting count: Int = 0) async throws -> [Delivery] { try await take(1_000, expecting: count) }

    /// What there is now, up to `maximum`, and what was on its way.
    ///
    /// - Parameter count: How many are expected: a busy server may take its time with these.
    /// - Throws: if fewer have come.
    func take(_ maximum: Int, expecting count: Int = 0) async throws -> [Delivery] {
        var deliveries = try await consumer.take(maximum)
        let limit = ContinuousClock.now + Duration.seconds(20).onThisMachine
        while deliveries.count < min(count, maximum), .now < limit {
            try await consumer.waitForWork(until: .now + .milliseconds(200))
            deliveries += try await consumer.take(maximum - deliveries.count)
        }
        var end = ContinuousClock.now + patience
        while maximum > deliveries.count, .now < end {
            try await consumer.waitForWork(until: end)
            let more = try await consumer.take(maximum - deliveries.count)
            if !more.isEmpty { end = .now + patience }
            deliveries += more
        }
        guard deliveries.count >= min(count, maximum) else {
            throw CameTooLate("the arrival of \(min(count, maximum)) messages, of which \(deliveries.names) came,")
        }
        return deliveries
    }

    /// Names of what there is now; see `takeAll`.
    func names(expecting count: Int = 0) async throws -> [String] { try await takeAll(expecting: count).names }
}

extension Outcome {
    init(_ delivery: Delivery, results: [TaskResult] = [], followUps: [Message] = [], retry: Message? = nil) {
        self.init(
            handle: delivery.handle, results: results, followUps: followUps,
            disposition: retry.map(Disposition.retry) ?? .acknowledge)
    }
}
