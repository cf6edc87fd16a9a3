import CeleryCore
import Proton
import Wire

extension AMQP10Broker: TopicBroker {
    static var protocolName: String { "AMQP 1.0" }

    static func hasTopics(_ server: ProtonServer) -> Bool { server.hasTopics }

    func mailbox(of topic: String) async throws -> AMQP10Mailbox {
        let mailbox = AMQP10Mailbox(options, topic: try self.topic(topic, at: await server()))
        do throws(ProtonError) {
            try await mailbox.open()
        } catch {
            await mailbox.close()
            throw DriverError(error, at: location)
        }
        return mailbox
    }

    func telling(_ topic: String, _ wire: WireMessage, at server: ProtonServer) throws(DriverError) -> ProtonParcel {
        var wire = wire
        wire.exchange = ""
        wire.properties.deliveryMode = 1
        wire.properties.expiration = nil
        return ProtonParcel(try self.topic(topic, at: server), AMQP10Envelope.message(of: wire).encoded())
    }

    func topic(_ name: String, at server: ProtonServer) throws(DriverError) -> ProtonNode {
        guard let topic = layout.topic(name, at: server) else {
            throw DriverError.lacks("carry remote control and events", "broker \(location) (\(server.name))")
        }
        return topic
    }

    func send(events parcels: [ProtonParcel]) async throws {
        if let error = await client.send(parcels, within: .seconds(5)).values.first { throw DriverError(error, at: location) }
    }
}
