import Brokers
import CeleryAMQP
import CeleryCore
import Fixtures
import RabbitMQ
import Wire

extension AMQPFixture {
    static var beatPowers: Set<BeatPower> { [.spoiling] }

    func openForBeat() throws -> any BeatKeeping { try open() }

    func kill(_ beat: TestBeat) async { await (beat.seat as? AMQPBeatSeat)?.die() }

    /// The state, of all entries.
    func text(of entry: String, in beat: String) async throws -> String {
        try await open().link.ask { (connection, channel) throws(RabbitMQError) in
            guard let message = try connection.get("celery.beat.\(beat)", on: channel) else { return "" }
            try connection.reject(message.tag, requeue: true, on: channel)
            return String(decoding: message.message.body, as: UTF8.self)
        }
    }

    func spoil(_ entry: String, in beat: String) async throws { try await put(#"{"version":1}"#, into: "celery.beat.\(beat)") }

    func addUnreadableCommand(to beat: String) async throws { try await put("{", into: "celery.beat.\(beat).orders") }

    private func put(_ text: String, into queue: String) async throws {
        let message = WireMessage(routingKey: queue, properties: WireProperties(deliveryMode: 2), body: Array(text.utf8))
        try await open().link.publish([Publication(message, isMandatory: true)])
    }
}
