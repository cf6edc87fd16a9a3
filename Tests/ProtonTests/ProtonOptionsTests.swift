import CeleryCore
import Streams
import Testing

@testable import Proton

@Suite struct ProtonOptionsTests {
    private func options(_ url: String) throws -> ProtonOptions { try ProtonOptions(ServiceURL(url)) }

    @Test func `a URL says all that is needed`() throws {
        let plain = try options("amqp10://u:p%40@h/shop?destination_prefix=a.")
        #expect((plain.host, plain.port, plain.user, plain.password, plain.hostname, plain.prefix) == ("h", 5_672, "u", "p@", "vhost:shop", "a."))
        #expect(plain.tls == nil && plain.location == "amqp10://u:***@h/shop")
        let bare = try options("amqp10://")
        #expect((bare.host, bare.user, bare.hostname) == ("localhost", nil, "localhost"))
        let secure = try options("amqps10://h?ssl_ca_certs=/ca.pem&ssl_check_hostname=false&connect_timeout=2&hostname=default")
        #expect(secure.port == 5_671 && secure.tls?.authorities == "/ca.pem" && secure.tls?.checksHost == false && secure.connectTimeout == .seconds(2))
        #expect(secure.hostname == "default")
    }

    @Test(arguments: [
        ("amqp10://u:hush@h?destination_prefx=a", "amqp10://u:***@h: unknown option 'destination_prefx'; did you mean 'destination_prefix'?"),
        ("amqp10://h?destination_prefix=a/b", "amqp10://h: destination_prefix may have letters, digits, and the signs . _ - in it"),
        ("amqp10://h?ssl_ca_certs=a", "amqp10://h: ssl_ca_certs needs amqps10://"),
        ("amqps10://h?ssl_cert_reqs=maybe", "amqps10://h: ssl_cert_reqs must be required, optional or none"),
        ("amqps10://h?ssl_certfile=a", "amqps10://h: ssl_certfile and ssl_keyfile must be given together"),
        ("amqp10://h?connect_timeout=0", "amqp10://h: connect_timeout must be a number of seconds, up to 3600"),
        ("amqp10://h?task_protocol=3", "amqp10://h: task_protocol must be 1 or 2"),
    ])
    func `what is wrong with a URL is said`(url: String, message: String) {
        let error = #expect(throws: ProtonError.self) { try options(url) }
        #expect(error?.code == .options && error?.message == message)
    }

    @Test(arguments: [
        ("RabbitMQ", "3.10.8", ProtonServer.Kind.rabbitMQPlugin), ("RabbitMQ", "4.0.5", .rabbitMQ), ("RabbitMQ", "10.1", .rabbitMQ),
        ("ActiveMQ", "5.18.3", .activeMQ), ("apache-activemq-artemis", "2.33.0", .artemis), ("qpid", "9.1.0", .brokerJ), ("", "", .other),
    ])
    func `the properties of a connection tell the server`(product: String, version: String, kind: ProtonServer.Kind) {
        #expect(ProtonServer(properties: .map([.init(.symbol("product"), .string(product)), .init(.symbol("version"), .string(version))])).kind == kind)
    }
}
