import CeleryCore
import Configuration
import Worker

extension WorkerFacts {
    /// The facts that a worker with these settings reports about itself.
    ///
    /// - Parameter store: the URL of the result store, without its password.
    static func of(_ resolved: ResolvedSettings, store: String) -> WorkerFacts {
        let settings = resolved.settings
        var facts = WorkerFacts()
        facts.software = "celery:\(Version.text) (Swift)"
        facts.settings = resolved.shown(withDefaults: false)
        facts.allSettings = resolved.shown(withDefaults: true)
        facts.queues = Dictionary(
            uniqueKeysWithValues: settings.queues.map { ($0, settings.definition(of: $0)) }
        ).merging(settings.queueDefinitions) { $1 }
        facts.results = store
        // The URLs were validated with the settings.
        let urls = (try? ServiceURL.alternatives(settings.brokerURL)) ?? []
        guard let first = urls.first else { return facts }
        facts.transport = first.scheme
        // AMQP 0-9-1: by AMQP 1.0 there is no default user, and a heartbeat of another kind.
        let isAMQP = first.service == .amqp
        let hasVirtualHost = isAMQP || first.service == .amqp10
        let defaultPort = first.defaultPort
        func text(_ value: String?) -> JSON { value.map(JSON.string) ?? .null }
        facts.broker = [
            "hostname": defaultPort != nil ? .string(first.host ?? "localhost") : nil,
            "userid": isAMQP ? .string(first.user ?? "guest") : nil,
            "virtual_host": .string(hasVirtualHost ? first.virtualHost : first.path),
            "port": defaultPort.map { JSON.int(Int64(first.port ?? $0)) } ?? .null,
            "insist": false, "ssl": .bool(first.isEncrypted), "transport": .string(first.scheme),
            "connect_timeout": .double(settings.connectionTimeout), "transport_options": [:],
            "login_method": isAMQP ? "PLAIN" : nil, "uri_prefix": nil,
            "heartbeat": isAMQP ? .double(Double(settings.brokerHeartbeat)) : nil, "failover_strategy": "round-robin",
            "alternates": .array(urls.dropFirst().map { .string($0.redacted) }), "credential_provider": nil,
        ]
        return facts
    }
}
