import CeleryAMQP
import CeleryCore
import RabbitMQ
import Wire

/// The stream of standing commands: a log that each worker reads from its beginning and follows.
///
/// Python's workers do not read it; running ones receive the commands by remote control.
enum CommandStream {
    static let name = "celery.orders"

    /// The same for everybody, whatever the settings: a second declaration with other arguments would be refused. The server
    /// drops old segments beyond 20 MB, some 100,000 commands.
    static let declaration: QueueDeclaration = {
        var queue = QueueDeclaration(name)
        queue.arguments = [
            "x-queue-type": "stream", "x-max-length-bytes": 20_000_000, "x-stream-max-segment-size-bytes": 500_000,
        ]
        return queue
    }()

    enum Entry: Equatable {
        case revoke(Revocation)
        case pause(String, QueuePause)
        case resume(String)
        /// An empty entry that gives a new stream a last offset.
        case seed
    }

    static func publication(_ entry: Entry) -> Publication { Publication(message(entry), isMandatory: true) }

    static func message(_ entry: Entry) -> WireMessage {
        let properties = WireProperties(contentType: "application/json", deliveryMode: 2)
        return WireMessage(routingKey: name, properties: properties, body: json(entry).bytes(style: .compact))
    }

    private static func json(_ entry: Entry) -> JSON {
        switch entry {
        case .revoke(let revocation): ["revoke": revocation.json]
        case .pause(let queue, let pause): ["queue": .string(queue), "pause": pause.json]
        case .resume(let queue): ["queue": .string(queue), "resume": true]
        case .seed: ["seed": true]
        }
    }

    /// - Returns: `nil` for an entry of another version or a malformed one: anybody may have written it.
    static func entry(_ message: WireMessage) -> Entry? {
        guard let json = try? JSON(parsing: message.body) else { return nil }
        if let revocation = json["revoke"] { return Revocation(json: revocation).map(Entry.revoke) }
        if json["seed"] == true { return .seed }
        guard let queue = json["queue"]?.stringValue else { return nil }
        if let pause = json["pause"] { return QueuePause(json: pause).map { .pause(queue, $0) } }
        return json["resume"] == true ? .resume(queue) : nil
    }
}
