import CeleryCore
import Streams
import Testing

@testable import STOMP

@Suite struct STOMPOptionsTests {
    private func options(_ url: String) throws -> STOMPOptions { try STOMPOptions(ServiceURL(url)) }

    @Test func `a URL says all that is needed`() throws {
        let plain = try options("stomp://u:p%40@h/shop?destination_prefix=a.")
        #expect((plain.host, plain.port, plain.user, plain.password, plain.virtualHost, plain.prefix) == ("h", 61_613, "u", "p@", "shop", "a."))
        #expect(plain.tls == nil && plain.location == "stomp://u:***@h/shop")
        let bare = try options("stomp://")
        #expect((bare.host, bare.user, bare.virtualHost) == ("localhost", nil, "/"))
        let secure = try options("stomp+ssl://h?ssl_ca_certs=/ca.pem&ssl_check_hostname=false&connect_timeout=2")
        #expect(secure.port == 61_614 && secure.tls?.authorities == "/ca.pem" && secure.tls?.checksHost == false && secure.connectTimeout == .seconds(2))
    }

    @Test(arguments: [
        ("stomp://u:hush@h?destination_prefx=a", "stomp://u:***@h: unknown option 'destination_prefx'; did you mean 'destination_prefix'?"),
        ("stomp://h?destination_prefix=a/b", "stomp://h: destination_prefix may have letters, digits, and the signs . _ - in it"),
        ("stomp://h?ssl_ca_certs=a", "stomp://h: ssl_ca_certs needs stomp+ssl://"),
        ("stomp+ssl://h?ssl_cert_reqs=maybe", "stomp+ssl://h: ssl_cert_reqs must be required, optional or none"),
        ("stomp+ssl://h?ssl_certfile=a", "stomp+ssl://h: ssl_certfile and ssl_keyfile must be given together"),
        ("stomp://h?connect_timeout=0", "stomp://h: connect_timeout must be a number of seconds, up to 3600"),
        ("stomp://u:a%0Ab@h", "stomp://u:***@h: user, password or virtual host has a line break or NUL in it"),
    ])
    func `what is wrong with a URL is said`(url: String, message: String) {
        let error = #expect(throws: STOMPError.self) { try options(url) }
        #expect(error?.code == .options && error?.message == message)
    }

    @Test(arguments: [
        ("ActiveMQ/5.17.2", STOMPServer.Kind.activeMQ), ("ActiveMQ-Artemis/2.28.0 ActiveMQ Artemis Messaging Engine", .artemis),
        ("RabbitMQ/3.10.8", .rabbitMQ), ("apache-apollo/1.7", .other), ("", .other),
    ])
    func `the greeting tells the server`(header: String, kind: STOMPServer.Kind) { #expect(STOMPServer(header: header).kind == kind) }
}
