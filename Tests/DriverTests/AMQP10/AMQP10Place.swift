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
    func worker(_ name: String = "w", of queues: [String] = ["celery"]) async throws -> AMQP10Consumer { try await subscription(name, queues) }
}
