import CeleryCore
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
    func takeAll() async throws -> [Delivery] { try await take(1_000) }

    /// What there is now, up to `maximum`, and what was on its way.
    func take(_ maximum: Int) async throws -> [Delivery] {
        var deliveries = try await consumer.take(maximum)
        guard patience > .zero else { return deliveries }
        var end = ContinuousClock.now + patience
        while maximum > deliveries.count, .now < end {
            try await consumer.waitForWork(until: end)
            let more = try await consumer.take(maximum - deliveries.count)
            if !more.isEmpty { end = .now + patience }
            deliveries += more
        }
        return deliveries
    }

    /// Names of what there is now.
    func names() async throws -> [String] { try await takeAll().names }
}

extension Outcome {
    init(_ delivery: Delivery, results: [TaskResult] = [], followUps: [Message] = [], retry: Message? = nil) {
        self.init(
            handle: delivery.handle, results: results, followUps: followUps,
            disposition: retry.map(Disposition.retry) ?? .acknowledge)
    }
}
