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
    func worker(_ name: String = "w", of queues: [String] = ["celery"]) async throws -> STOMPConsumer { try await subscription(name, queues) }
}
