import Fixtures
import Testing

/// What keeps `celery rabbit-setup` from its work, and how that is said.
@Suite(.blocking)
struct RabbitSetupErrorTests {
    private func expect(
        _ broker: BrokerToSetUp, _ options: String, _ status: Int32, _ message: String,
        with variables: [String: String] = [:], sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let ended = try broker.setUp(options, with: variables)
        #expect(ended.status == status, sourceLocation: sourceLocation)
        #expect(ended.output == "", sourceLocation: sourceLocation)
        #expect(ended.errors.hasPrefix("celery rabbit-setup: \(message)"), "\(ended.errors)", sourceLocation: sourceLocation)
        #expect(!ended.errors.contains("wrong"), "a password", sourceLocation: sourceLocation)
    }

    @Test func `77 for an administrator who is none`() throws {
        let broker = try BrokerToSetUp()
        try expect(broker, "--api \(broker.api("guest:wrong"))", 77, "the management API refuses user 'guest': ")
        try expect(broker, "--api \(broker.api("celery:celery-secret"))", 77, "the management API refuses user 'celery': ")
        try broker.project.write("wrong\n", to: "secret")
        try expect(
            broker, "--api http://127.0.0.1:\(broker.server.api.port) --admin-user guest --admin-password-file secret", 77,
            "the management API refuses user 'guest': ")
        // Who may look at the API, and no more.
        try broker.server.api.expect("PUT", "users/\(broker.user)", body: #"{"password": "p", "tags": "monitoring"}"#)
        try expect(broker, "--api \(broker.api("\(broker.user):p"))", 77, "the management API refuses user '\(broker.user)': ")
        #expect(try broker.server.api.request("GET", "vhosts/\(broker.vhost)").status == 404)
    }

    @Test func `an administrator needs no rights on the virtual host`() throws {
        let broker = try BrokerToSetUp()
        try broker.server.api.expect("PUT", "vhosts/\(broker.vhost)")
        try broker.server.api.expect("PUT", "users/\(broker.user)-admin", body: #"{"password": "p", "tags": "administrator"}"#)
        let ended = try broker.setUp("", with: ["CELERY_RABBIT_API": broker.api("\(broker.user)-admin:p")])
        #expect(ended.status == 0, "\(ended)")
        try broker.server.api.expect("DELETE", "users/\(broker.user)-admin")
    }

    @Test func `69 where nobody answers`() throws {
        let broker = try BrokerToSetUp()
        // Nobody listens below the first port that this user may take.
        try expect(broker, "--api http://guest:wrong@127.0.0.1:1", 69, "cannot reach http://127.0.0.1:1/api: ")
        let other = try broker.writeControl("NODE=1 exec \(broker.server.control) -n nobody@localhost \"$@\"")
        try expect(broker, "--rabbitmqctl \(other)", 69, "\(other) finds no broker on this machine")
    }

    @Test func `78 for what is no management API`() throws {
        let broker = try BrokerToSetUp()
        let amqp = "http://127.0.0.1:\(broker.server.port)"
        try expect(broker, "--api http://guest:wrong@127.0.0.1:\(broker.server.port)", 78, "\(amqp)/api is not RabbitMQ's management API: ")
        try expect(
            broker, "--api \(broker.api())/elsewhere", 78,
            "http://127.0.0.1:\(broker.server.api.port)/elsewhere/api is not RabbitMQ's management API")
        try expect(
            broker, "--api https://guest:wrong@localhost:\(broker.server.tlsPort)", 78,
            "https://localhost:\(broker.server.tlsPort)/api cannot be trusted: ")
        try expect(
            broker, "--api https://guest:wrong@localhost:\(broker.server.tlsPort) --api-ca \(broker.server.tlsFolder)/ca.pem", 78,
            "https://localhost:\(broker.server.tlsPort)/api is not RabbitMQ's management API: ")
    }

    @Test func `77 for a user whom rabbitmqctl refuses`() throws {
        let broker = try BrokerToSetUp()
        let port = try #require(broker.server.facts["RABBIT_EPMD_PORT"])
        // The same broker, with a cookie of one's own.
        let other = try broker.writeControl(
            "RABBITMQ_CONF_ENV_FILE=/dev/null ERL_EPMD_PORT=\(port) exec /usr/lib/rabbitmq/bin/rabbitmqctl -n rabbit1@localhost \"$@\"")
        try expect(broker, "--rabbitmqctl \(other)", 77, "\(other) is not permitted to connect to the broker as this user\nhint: run this as root")
    }

    @Test func `78 where there is no rabbitmqctl that can import`() throws {
        let broker = try BrokerToSetUp()
        let old = try broker.writeControl("case $2 in import*) echo \"Command '$2' not found.\" >&2; exit 64;; esac; exec \(broker.server.control) \"$@\"")
        try expect(broker, "--rabbitmqctl \(old)", 78, "\(old) does not know how to import definitions: ")
        #expect(try broker.server.api.request("GET", "users/\(broker.user)").status == 404)
    }

    @Test(arguments: [
        "--vhost ''", "--vhost $'a\\nb'", "--vhost 'a$(id)'", "--user 'a`id`'", "--user=-x", "--password ''", "--password $'a\\nb'",
        "--password a --password-file b", "--api localhost:15672", "--api ftp://a:b@h", "--api http://h", "--api-ca x", "--admin-user x",
        "--api http://a:b@h --rabbitmqctl x", "-Q a,,b",
    ])
    func `64 for what makes no sense`(_ options: String) throws {
        let project = try Project()
        let ended = try project.run("celery rabbit-setup \(options)")
        #expect(ended.status == 64, "\(ended)")
        #expect(ended.errors.hasPrefix("celery rabbit-setup: "))
        #expect(!ended.errors.contains("a\\nb") || !options.contains("password"))
    }

    @Test func `65 for a file without a password`() throws {
        let broker = try BrokerToSetUp()
        try expect(broker, "--password-file missing", 65, "cannot read password file missing: no such file or directory")
        try broker.project.write("\nx\n", to: "empty")
        try expect(broker, "--password-file empty", 65, "the first line of empty is not a password ")
    }
}
