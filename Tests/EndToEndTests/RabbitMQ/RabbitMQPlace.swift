import CeleryCore
import Fixtures
import Testing

/// A project that works with a virtual host of its own at a real RabbitMQ server.
final class RabbitMQPlace: Sendable {
    let server: RabbitMQServer
    let vhost: String
    let project: Project

    init(_ server: RabbitMQServer? = nil) throws {
        self.server = try server ?? .shared
        vhost = try self.server.makeVirtualHost()
        try self.server.api.expect(
            "PUT", "permissions/\(vhost)/guest", body: #"{"configure": ".*", "write": ".*", "read": ".*"}"#)
        project = try Project()
    }

    deinit { try? server.removeVirtualHost(vhost) }

    var url: String { server.url(vhost: vhost) }

    /// The URL as errors show it.
    var shown: String { url.replacing("celery-secret", with: "***") }

    /// The same place as another user, at another port, or with options.
    func url(_ user: String = "celery:celery-secret", host: String = "127.0.0.1", port: Int? = nil, _ options: String = "") -> String {
        "amqp://\(user)@\(host):\(port ?? server.port)/\(vhost)\(options)"
    }

    func tlsURL(_ options: String = "", host: String = "localhost", port: Int? = nil) -> String {
        "amqps://celery:celery-secret@\(host):\(port ?? server.tlsPort)/\(vhost)\(options)"
    }

    /// Variables by which commands use the place.
    func variables(_ url: String? = nil) -> [String: String] {
        ["CELERY_BROKER_URL": url ?? self.url, "SWIFT_BACKTRACE": "enable=no"]
    }

    func run(
        _ line: String, with more: [String: String] = [:], sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> Ended {
        try project.run(line, with: variables().merging(more) { $1 }, sourceLocation: sourceLocation)
    }

    /// Puts a message into a queue, as its bytes are. `properties` is the JSON that the management API takes.
    func publish(_ properties: String, _ body: [UInt8], to queue: String = "celery") throws {
        let payload = ManagementAPI.base64(body)
        let answer = try server.api.expect(
            "POST", "exchanges/\(vhost)/amq.default/publish",
            body: #"{"properties": \#(properties), "routing_key": "\#(queue)", "payload": "\#(payload)", "payload_encoding": "base64"}"#)
        guard answer.contains("true") else { throw ServerTrouble("no queue \(queue): \(answer)") }
    }

    /// Messages that wait in the queue.
    func depth(of queue: String = "celery") throws -> Int? {
        let counts = try run("celery queues --json").lines.map { try JSON(parsing: $0) }
        return counts.first { $0["queue"]?.stringValue == queue }?["ready"]?.intValue
    }
}
