import CeleryAMQP
import CeleryCore
import RabbitMQ
import Testing

@Suite struct TopologyTests {
    @Test func `shares a prefetch count where the server can`() {
        var settings = Settings(projectFolder: "/nowhere")
        settings.queueDefinitions["solid"] = QueueDefinition("solid", type: .quorum)
        let topology = Topology(settings)
        for (version, isShared) in [
            ("3.10.8", true), ("3.3.0", true), ("3.2.9", false), ("4.0.1", false), ("4.2", false), ("", false), ("odd", false), ("3.12.0-rc.1", true),
        ] {
            let server = ServerAbilities(product: "RabbitMQ", version: version, abilities: [])
            #expect(topology.sharesPrefetch(["celery", "b"], at: server) == isShared, "\(version)")
            #expect(!topology.sharesPrefetch(["celery", "solid"], at: server))
        }
        #expect(!topology.sharesPrefetch(["celery"], at: ServerAbilities(product: "LavinMQ", version: "3.3.0", abilities: [])))
    }
}
