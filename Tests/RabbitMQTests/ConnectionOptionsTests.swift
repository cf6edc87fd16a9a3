import CeleryCore
import Testing

@testable import RabbitMQ

@Suite struct ConnectionOptionsTests {
    @Test func `reads the options of a URL`() throws {
        let options = try ConnectionOptions(
            ServiceURL("amqps://u:p%40@h:1/v?heartbeat=3&connection_timeout=7&frame_max=4096&cacertfile=/ca&certfile=/c&keyfile=/k&verify=verify_none&auth_mechanism=external"))
        #expect(options.host == "h" && options.port == 1 && options.user == "u" && options.password == "p@" && options.virtualHost == "v")
        #expect(options.heartbeat == 3 && options.connectTimeout == .seconds(7) && options.frameMax == 4_096 && options.isExternal)
        #expect(options.tls?.authorities == "/ca" && options.tls?.certificate == "/c" && options.tls?.key == "/k" && options.tls?.isVerified == false)
        #expect(options.location == "amqps://u:***@h:1/v")
        let bare = try ConnectionOptions(ServiceURL("amqp://"))
        #expect(bare.host == "localhost" && bare.port == 5_672 && bare.user == "guest" && bare.password == "guest" && bare.virtualHost == "/")
        #expect(bare.tls == nil && !bare.isExternal && bare.frameMax == 131_072)
        #expect(try ConnectionOptions(ServiceURL("amqps://h")).port == 5_671)
        #expect(try ConnectionOptions(ServiceURL("amqp://[::1]:7/%2F")).host == "::1")
        for query in [
            "heartbeat=-1", "heartbeat=x", "frame_max=100", "frame_max=99999999999999999999", "connection_timeout=0", "nosuch=1",
            "cacertfile=/x", "verify=verify_none", "auth_mechanism=gssapi",
        ] {
            #expect(throws: RabbitMQError.self, "\(query)") { _ = try ConnectionOptions(ServiceURL("amqp://u:hush@h/?\(query)")) }
        }
        for query in ["certfile=/c", "keyfile=/k", "verify=perhaps"] {
            #expect(throws: RabbitMQError.self, "\(query)") { _ = try ConnectionOptions(ServiceURL("amqps://u:hush@h/?\(query)")) }
        }
        do {
            _ = try ConnectionOptions(ServiceURL("amqp://u:hush@h/?nosuch=1"))
        } catch let error {
            #expect("\(error)" == "broker amqp://u:***@h/: unknown option 'nosuch'")
        }
    }
}
