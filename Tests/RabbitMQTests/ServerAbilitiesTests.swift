import CeleryCore
import Testing

@testable import RabbitMQ

@Suite struct ServerAbilitiesTests {
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
            #expect(abilities("AcmeMQ", "1", ["capabilities": .object([sign: false])]).abilities.isEmpty)
        }
    }

    @Test func `another server can do what it announces`() {
        let announced: JSONObject = ["capabilities": ["publisher_confirms": true, "consumer_priorities": false, "basic.nack": true]]
        #expect(abilities("AcmeMQ", "1", announced).abilities == [.confirms])
        #expect(abilities("qpid", "9.2.0", ["qpid.confirmed_publish_supported": "true"]).abilities == [.confirms])
        let unclear: JSONObject = ["capabilities": ["exchange_exchange_bindings": true, "publisher_confirms": "yes"]]
        #expect(abilities("AcmeMQ", "1", unclear).abilities.isEmpty)
    }

    @Test func `garagemq is refused, and no other server`() {
        for product in ["garagemq", "GarageMQ", "garagemq-fork"] { #expect(abilities(product, "0.1").refusal != nil, "\(product)") }
        for product in ["RabbitMQ", "LavinMQ", "qpid", "AcmeMQ", ""] { #expect(abilities(product, "1").refusal == nil, "\(product)") }
    }

    @Test func `a server that says nothing of itself, or strange things, is taken for one that can do little`() {
        for properties: JSONObject in [[:], ["product": 7, "version": ["a"], "capabilities": "all"], ["capabilities": [1, 2]]] {
            let server = ServerAbilities(properties)
            #expect(server.abilities.isEmpty)
            #expect(server.title == "an unknown server")
        }
        #expect(abilities("AcmeMQ", "").title == "AcmeMQ")
    }
}
