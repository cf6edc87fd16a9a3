import Fixtures
import Glibc
import Testing

/// What a user that was set up may do, and what not: asked of the broker itself.
@Suite(.blocking)
struct RabbitSetupRightsTests {
    private static let uuid = "0b5c9a7e-1d2f-4e3a-8b4c-5d6e7f8091a2"
    private static let message = #"{"properties": {}, "routing_key": "celery", "payload": "x", "payload_encoding": "string"}"#
    private static let taking = #"{"count": 1, "ackmode": "ack_requeue_false", "encoding": "auto"}"#

    /// A user who has been set up, and something else on the virtual host.
    private func broker() throws -> (BrokerToSetUp, ManagementAPI) {
        let broker = try BrokerToSetUp()
        let ended = try broker.setUp("\(broker.options(.api)) -Q images")
        #expect(ended.status == 0, "\(ended)")
        try broker.server.api.expect(
            "PUT", "permissions/\(broker.vhost)/guest", body: #"{"configure": ".*", "write": ".*", "read": ".*"}"#)
        try broker.server.api.expect("PUT", "queues/\(broker.vhost)/other", body: "{}")
        return (broker, try broker.asUser("p"))
    }

    @Test func `everything that workers, clients and Python's tools declare and use`() throws {
        let (broker, user) = try broker()
        let vhost = broker.vhost
        for (name, type, isDurable) in [
            ("celery", "direct", true), ("images", "direct", true), ("celeryev", "topic", true), ("celery.pidbox", "fanout", false),
            ("reply.celery.pidbox", "direct", false), ("celeryresults", "direct", true), ("celery_delayed_27", "topic", true),
            ("celery_delayed_0", "topic", true), ("celery_delayed_delivery", "topic", true),
        ] {
            try user.expect("PUT", "exchanges/\(vhost)/\(name)", body: #"{"type": "\#(type)", "durable": \#(isDurable)}"#)
        }
        // Each queue with the exchange it is bound to; those of rpc:// are bound to none.
        for (name, exchange, properties) in [
            ("celery", "celery", #""durable": true"#), ("images", "images", #""durable": true"#),
            ("celeryev.\(Self.uuid)", "celeryev", #""auto_delete": true, "arguments": {"x-expires": 60000, "x-message-ttl": 5000}"#),
            ("w1@host.example.celery.pidbox", "celery.pidbox", #""auto_delete": true, "arguments": {"x-expires": 10000}"#),
            ("\(Self.uuid).reply.celery.pidbox", "reply.celery.pidbox", #""auto_delete": true, "arguments": {"x-expires": 10000}"#),
            (Self.uuid.replacing("-", with: ""), "celeryresults", #""durable": true, "auto_delete": true"#),
            (
                "celery_delayed_27", "celery_delayed_27",
                #""durable": true, "arguments": {"x-dead-letter-exchange": "celery_delayed_0", "x-message-ttl": 1000}"#
            ),
            (Self.uuid, nil, #""durable": true, "auto_delete": true"#), ("celery.reply.\(Self.uuid)", nil, #""auto_delete": true"#),
            ("celery.reply.\(Self.uuid.replacing("-", with: ""))", nil, #""durable": true, "arguments": {"x-expires": 60000}"#),
            ("celery.beat.celery", nil, #""durable": true, "arguments": {"x-max-length": 1}"#), ("celery.beat.celery.orders", nil, #""durable": true"#),
        ] {
            try user.expect("PUT", "queues/\(vhost)/\(name)", body: "{\(properties)}")
            if let exchange { try user.expect("POST", "bindings/\(vhost)/e/\(exchange)/q/\(name)", body: #"{"routing_key": "\#(name)"}"#) }
            try user.expect("POST", "queues/\(vhost)/\(name)/get", body: Self.taking)
        }
        try user.expect("POST", "bindings/\(vhost)/e/celery_delayed_0/e/celery_delayed_delivery", body: #"{"routing_key": "0.#"}"#)
        for exchange in [
            "amq.default", "celery", "images", "celeryev", "celery.pidbox", "reply.celery.pidbox", "celeryresults", "celery_delayed_27",
            "celery_delayed_delivery",
        ] {
            try user.expect("POST", "exchanges/\(vhost)/\(exchange)/publish", body: Self.message)
        }
        // Twice: through the default exchange, and through the one of its name.
        for _ in 1...2 { #expect(try user.expect("POST", "queues/\(vhost)/celery/get", body: Self.taking).contains(#""payload":"x""#)) }
        try user.expect("DELETE", "queues/\(vhost)/\(Self.uuid)")
    }

    @Test func `and nothing else`() throws {
        let (broker, user) = try broker()
        let vhost = broker.vhost
        try user.expect("PUT", "queues/\(vhost)/\(Self.uuid)", body: "{}")
        for (method, path, body) in [
            ("PUT", "queues/\(vhost)/mine", "{}"), ("PUT", "exchanges/\(vhost)/mine", #"{"type": "direct"}"#),
            ("PUT", "queues/\(vhost)/celery2", "{}"), ("DELETE", "queues/\(vhost)/other", ""),
            ("POST", "queues/\(vhost)/other/get", Self.taking), ("DELETE", "queues/\(vhost)/other/contents", ""),
            ("POST", "bindings/\(vhost)/e/celery/q/other", #"{"routing_key": "x"}"#),
            ("POST", "bindings/\(vhost)/e/amq.topic/q/celery", #"{"routing_key": "x"}"#),
            ("POST", "bindings/\(vhost)/e/celery/q/\(Self.uuid)", #"{"routing_key": "x"}"#),
            ("POST", "exchanges/\(vhost)/amq.direct/publish", Self.message), ("POST", "exchanges/\(vhost)/amq.topic/publish", Self.message),
            ("PUT", "queues/celery/celery", #"{"durable": true}"#), ("PUT", "queues/%2F/celery", #"{"durable": true}"#),
            ("PUT", "vhosts/\(vhost)-more", ""), ("PUT", "permissions/\(vhost)/\(broker.user)", #"{"configure": ".*", "write": ".*", "read": ".*"}"#),
        ] {
            let answer = try user.request(method, path, body: body)
            #expect([400, 401, 403].contains(answer.status), "\(method) \(path): \(answer.status)")
            #expect(answer.body.contains(#/[Rr]efused|REFUSED|not authorised|[Nn]ot admin/#), "\(method) \(path): \(answer.body)")
        }
    }

    @Test(arguments: ["", "--quorum"])
    func `from nothing to a worker that runs tasks, with nothing but the lines that were printed`(_ option: String) throws {
        let broker = try BrokerToSetUp()
        let project = broker.project
        #expect(try project.run("celery rabbit-setup --user \(broker.user) --vhost \(broker.vhost) \(broker.options(.api)) \(option) -q >>celery.toml").status == 0)
        _ = try project.run("echo 'CELERY_RESULT_BACKEND = \"rpc://\"' >>celery.toml").text
        try project.startWorker()
        try project.expect("celery apply demo.tasks.add 2 3 --wait", Ended("5\n"))
        // Through the queues for what is far off.
        #expect(try project.run("celery apply demo.tasks.add 2 4 --countdown 1h").status == 0)
        try project.stopWorker()
        #expect(try broker.server.api.request("GET", "exchanges/\(broker.vhost)/celery_delayed_27").status == 200)
    }

    @Test
    func `a program consumes as the user, with the settings as they were printed`() throws {
        let broker = try BrokerToSetUp()
        let lines = try broker.setUp("\(broker.options(.control)) -q").lines
        func value(_ name: String) throws -> String {
            let line = try #require(lines.first { $0.hasPrefix("\(name) = ") })
            return String(line.dropFirst(name.count + 3)).replacing("\"", with: "")
        }
        let place = """
            --server \(try value("AMQP_SERVER")) --port \(try value("AMQP_PORT")) --vhost \(try value("AMQP_VHOST")) \
            --username \(try value("AMQP_USER")) --password \(try value("AMQP_PASSWORD"))
            """
        try broker.project.expect("amqp-publish \(place) -p -e celery -r celery -b hello", Ended())
        try broker.project.expect("amqp-consume \(place) -q celery -c 1 cat", Ended("hello"))
        #expect(try broker.project.run("amqp-declare-queue \(place) -q other").errors.contains("ACCESS_REFUSED"))
    }
}
