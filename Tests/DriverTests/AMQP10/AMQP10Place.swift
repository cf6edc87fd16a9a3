import Brokers
import CeleryCore
import Fixtures
import Proton

/// Queues and topics of their own at a server, for what only AMQP 1.0 has: names with a prefix of their own.
struct AMQP10Place: Sendable {
    let url: String
    let prefix: String

    init(_ url: String, prefix: String = "test-\(UInt64.random(in: 0...UInt64.max)).") { (self.url, self.prefix) = (url, prefix) }

    func options() throws -> ProtonOptions { try ProtonOptions(ServiceURL(url + (url.contains("?") ? "&" : "?") + "destination_prefix=\(prefix)")) }

    func broker(
        nearETA: Double? = nil, now: @escaping @Sendable () -> Timestamp = { .now }, configuring configure: (inout Settings) -> Void = { _ in }
    ) throws -> AMQP10Broker {
        var settings = Settings(projectFolder: "/nowhere")
        configure(&settings)
        return AMQP10Broker(try options(), settings: settings, nearETA: nearETA, now: now)
    }
}

extension AMQP10Broker {
    func worker(_ name: String = "w", of queues: [String] = ["celery"]) async throws -> AMQP10Consumer {
        let identity = WorkerIdentity(id: TaskID().text, name: "\(name)-\(TaskID())", pid: 4711, process: "")
        guard let consumer = try await consumer(of: queues, as: identity) as? AMQP10Consumer else { throw ServerTrouble("no consumer") }
        return consumer
    }
}

extension AMQP10Consumer {
    /// Takes so many, however long they are on their way.
    func gather(_ count: Int, atATime: Int = 100) async throws -> [Delivery] {
        try await promptly("the arrival of \(count) messages", within: .seconds(45)) {
            var all: [Delivery] = []
            while all.count < count {
                let new = try await self.take(min(atATime, count - all.count))
                all += new
                if new.isEmpty { try await self.waitForWork(until: .now + .milliseconds(200)) }
            }
            return all
        }
    }

    /// Waits for a notice that contains `text`.
    func notice(containing text: String) async throws -> BrokerNotice {
        try await promptly("the notice '\(text)'", within: .seconds(45)) {
            for await notice in self.notices where notice.text.contains(text) { return notice }
            throw CancellationError()
        }
    }
}
