import Glibc
import Processes

/// A RabbitMQ server of the tests' own, for all tests of this process.
///
/// It is started on first use by `Tests/Servers/rabbitmq` and ends with this process, however that ends.
/// With CELERY_TEST_RABBITMQ in the environment, the server that runs in that folder is used, and left running;
/// it must have been started with `--tls --management --stomp --amqp10`.
package struct RabbitMQServer: Sendable {
    /// What DIR/env of the script says: RABBIT_PORT and so on.
    package let facts: [String: String]
    /// The management API, as the administrator.
    package let api: ManagementAPI

    /// The one server. Blocks for some eight seconds the first time, unless it runs already.
    package static var shared: RabbitMQServer {
        get throws { try started.get() }
    }

    private static let started = Result<RabbitMQServer, any Error> {
        if let folder = Environment.current()["CELERY_TEST_RABBITMQ"], !folder.isEmpty {
            return try RabbitMQServer(folder: folder)
        }
        return try start()
    }

    /// Port of AMQP on 127.0.0.1.
    package var port: Int { Int(facts["RABBIT_PORT"] ?? "") ?? 0 }
    /// Port of AMQP over TLS, for the names localhost and 127.0.0.1.
    package var tlsPort: Int { Int(facts["RABBIT_TLS_PORT"] ?? "") ?? 0 }
    /// Folder with ca.pem, server.pem, client.pem, client.key.
    package var tlsFolder: String { facts["RABBIT_TLS_DIR"] ?? "" }
    /// A `rabbitmqctl` that talks to this server.
    package var control: String { facts["RABBIT_CTL"] ?? "" }

    /// Broker URL of a virtual host, as the user `celery`, who may do everything there.
    package func url(vhost: String = "celery") -> String {
        "amqp://celery:celery-secret@127.0.0.1:\(port)/\(vhost == "/" ? "%2F" : vhost)"
    }

    /// The same by the plugin for STOMP.
    package func stompURL(vhost: String = "celery") -> String {
        "stomp://celery:celery-secret@127.0.0.1:\(facts["RABBIT_STOMP_PORT"] ?? "")/\(vhost)"
    }

    /// The same by the plugin for AMQP 1.0, at the port of AMQP.
    package func amqp10URL(vhost: String = "celery") -> String { "amqp10://celery:celery-secret@127.0.0.1:\(port)/\(vhost)" }

    /// The same over TLS.
    package func amqp10TLSURL(vhost: String = "celery") -> String { "amqps10://celery:celery-secret@localhost:\(tlsPort)/\(vhost)" }

    /// The same over TLS.
    package func tlsURL(vhost: String = "celery") -> String {
        "amqps://celery:celery-secret@localhost:\(tlsPort)/\(vhost == "/" ? "%2F" : vhost)"
    }

    /// Makes an empty virtual host with a name of its own. Takes some 20 ms.
    package func makeVirtualHost() throws -> String {
        let name = "test-\(UInt64.random(in: 0...UInt64.max))"
        try api.expect("PUT", "vhosts/\(name)")
        try api.expect(
            "PUT", "permissions/\(name)/celery", body: #"{"configure": ".*", "write": ".*", "read": ".*"}"#)
        return name
    }

    /// Removes a virtual host with all that is in it.
    package func removeVirtualHost(_ name: String) throws {
        try api.expect("DELETE", "vhosts/\(name)")
    }

    /// Makes a queue that serves higher priorities first: by AMQP 1.0 only its name can be told.
    package func makeQueue(_ name: String, maxPriority: Int, in virtualHost: String) throws {
        try api.expect("PUT", "queues/\(virtualHost)/\(name)", body: "{\"durable\": true, \"arguments\": {\"x-max-priority\": \(maxPriority)}}")
    }

    /// A server of one's own, for a test that kills it: one that ends with this process too.
    ///
    /// - Parameter options: Those of `Tests/Servers/rabbitmq start`.
    package static func start(options: [String] = ["--tls", "--management", "--stomp", "--amqp10"]) throws -> RabbitMQServer {
        try RabbitMQServer(folder: script.start(options: options))
    }

    private static let script = ServerScript(name: "rabbitmq")

    /// Does what the script can do with a server: `kill`, `restart`, `suspend`, `resume`, `stop`.
    package func perform(_ verb: String, _ arguments: String...) throws {
        try Self.script.run([verb, folder] + arguments)
    }

    /// Runs `rabbitmqctl`, and returns what it prints. Blocks.
    @discardableResult
    package func ask(_ arguments: String...) throws -> String {
        let (output, status) = try capture(Spawn(control, arguments: [control, "-q"] + arguments, environment: .current()))
        guard status == .exited(0) else { throw ServerTrouble("rabbitmqctl \(arguments): \(output)") }
        return output
    }

    /// Stops the one replica of a quorum queue: it takes messages then and confirms none, as without a majority.
    package func stopReplica(of queue: String, in vhost: String) throws {
        try ask("eval", "ra:stop_server(quorum_queues, {list_to_atom(\"\(vhost)_\(queue)\"), node()}).")
    }

    package func startReplica(of queue: String, in vhost: String) throws {
        try ask("eval", "ra:restart_server(quorum_queues, {list_to_atom(\"\(vhost)_\(queue)\"), node()}).")
    }

    package var folder: String { facts["RABBIT_DIR"] ?? "" }

    private init(folder: String) throws {
        facts = try ServerScript.facts(of: folder)
        api = try ManagementAPI(facts["RABBIT_API"])
    }
}
