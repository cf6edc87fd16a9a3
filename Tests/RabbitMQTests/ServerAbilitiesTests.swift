import CeleryCore
import Testing

@testable import RabbitMQ

@Suite struct ServerAbilitiesTests {
    /// As garagemq 0.1 of Debian 12 sends them.
    private static let garagemq: JSONObject = [
        "copyright": "Alexander Valinurov, 2018", "platform": "amd64", "host": "vm", "product": "garagemq", "version": "0.1",
        "capabilities": [
            "consumer_priorities": false, "authentication_failure_close": true, "per_consumer_qos": true, "publisher_confirms": true,
            "exchange_exchange_bindings": false, "basic.nack": true, "consumer_cancel_notify": true, "connection.blocked": false,
        ],
    ]

    private func abilities(_ product: String, _ version: String, _ more: JSONObject = [:]) -> ServerAbilities {
        var properties = more
        properties["product"] = .string(product)
        properties["version"] = .string(version)
        return ServerAbilities(properties)
    }

    @Test func `RabbitMQ and LavinMQ can do everything, once they have streams`() {
        for version in ["3.9.0", "3.10.8", "3.12.0-rc.1", "4.0.1"] {
            #expect(abilities("RabbitMQ", version).abilities == Set(ServerAbilities.Ability.allCases), "\(version)")
        }
        for version in ["3.8.35", "2.9", "", "x.y"] {
            #expect(abilities("RabbitMQ", version).abilities == Set(ServerAbilities.Ability.allCases).subtracting([.streams]), "\(version)")
        }
        #expect(abilities("LavinMQ", "2.1.0").abilities == Set(ServerAbilities.Ability.allCases))
        #expect(abilities("LavinMQ", "1.2.9").abilities == Set(ServerAbilities.Ability.allCases).subtracting([.streams]))
    }

    @Test func `a server that announces what only RabbitMQ has is one, whatever it is called`() {
        for sign in ["direct_reply_to", "consumer_priorities"] {
            for (product, version) in [("AMQProxy", "2.0.4"), ("Our Queue", "1"), ("", "")] {
                let server = abilities(product, version, ["capabilities": .object([sign: true])])
                #expect(server.abilities == Set(ServerAbilities.Ability.allCases), "\(product) \(sign)")
            }
            #expect(abilities("AcmeMQ", "1", ["capabilities": .object([sign: false])]).abilities == ServerAbilities.ordinary)
            #expect(abilities("garagemq", "0.2", ["capabilities": .object([sign: true])]).abilities.isEmpty)
        }
    }

    @Test func `another server can do what it announces, and what the protocol asks of all`() {
        let garagemq = ServerAbilities(Self.garagemq)
        #expect(garagemq.abilities == [.confirms])
        #expect(garagemq.title == "garagemq 0.1")
        #expect(!garagemq.takesArguments)

        let brokerJ = abilities("qpid", "9.2.0", ["qpid.confirmed_publish_supported": "true"])
        #expect(brokerJ.abilities == ServerAbilities.ordinary.union([.confirms, .tables]))

        let unknown = abilities("AcmeMQ", "1", ["capabilities": ["exchange_exchange_bindings": true, "publisher_confirms": "yes"]])
        #expect(unknown.abilities == ServerAbilities.ordinary.union([.exchangeBindings]))
    }

    @Test func `a server that says nothing of itself, or strange things, is taken for one that can do little`() {
        for properties: JSONObject in [[:], ["product": 7, "version": ["a"], "capabilities": "all"], ["capabilities": [1, 2]]] {
            let server = ServerAbilities(properties)
            #expect(server.abilities == ServerAbilities.ordinary)
            #expect(server.title == "an unknown server")
        }
        #expect(abilities("AcmeMQ", "").title == "AcmeMQ")
    }
}
