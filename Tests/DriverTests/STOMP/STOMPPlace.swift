import Brokers
import CeleryCore
import Fixtures
import STOMP

/// Queues and topics of their own at a server, for what only STOMP has: names with a prefix of their own.
struct STOMPPlace: Sendable {
    let url: String
    let prefix = "test-\(UInt64.random(in: 0...UInt64.max))."

    init(_ url: String) { self.url = url }

    func options() throws -> STOMPOptions { try STOMPOptions(ServiceURL(url + (url.contains("?") ? "&" : "?") + "destination_prefix=\(prefix)")) }

    func broker(
        nearETA: Double? = nil, now: @escaping @Sendable () -> Timestamp = { .now }, configuring configure: (inout Settings) -> Void = { _ in }
    ) throws -> STOMPBroker {
        var settings = Settings(projectFolder: "/nowhere")
        configure(&settings)
        return STOMPBroker(try options(), settings: settings, nearETA: nearETA, now: now)
    }
}

extension STOMPBroker {
    func worker(_ name: String = "w", of queues: [String] = ["celery"]) async throws -> STOMPConsumer {
        let identity = WorkerIdentity(id: TaskID().text, name: "\(name)-\(TaskID())", pid: 4711, process: "")
        guard let consumer = try await consumer(of: queues, as: identity) as? STOMPConsumer else { throw ServerTrouble("no consumer") }
        return consumer
    }
}

extension STOMPConsumer {
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
