import CeleryCore
import STOMP
import Wire

extension STOMPBroker: TopicBroker {
    static var protocolName: String { "STOMP" }

    static func hasTopics(_ server: STOMPServer) -> Bool { true }

    func mailbox(of topic: String) async throws -> STOMPMailbox {
        let mailbox = STOMPMailbox(options, topic: layout.topic(topic))
        do throws(STOMPError) {
            try await mailbox.open()
        } catch {
            await mailbox.close()
            throw DriverError(error, at: location)
        }
        return mailbox
    }

    func telling(_ topic: String, _ wire: WireMessage, at server: STOMPServer) throws(DriverError) -> STOMPFrame {
        var wire = wire
        wire.exchange = ""
        wire.properties.deliveryMode = 1
        let headers = try STOMPEnvelope.headers(of: wire, at: server)
        return STOMPFrame("SEND", [STOMPFrame.Header("destination", layout.topic(topic))] + headers, body: wire.body)
    }

    func send(events frames: [STOMPFrame]) async throws {
        var frames = frames
        // The server carries frames out in their order.
        frames[frames.count - 1].wantsReceipt = true
        do throws(STOMPError) {
            try await link.send(frames, within: .seconds(5))
        } catch {
            throw DriverError(error, at: location)
        }
    }
}
