import CeleryCore
import Testing
import ZeroMQ

@testable import CeleryZMQ

@Suite struct ZMQOptionsTests {
    private func options(_ url: String) throws -> ZMQOptions { try ZMQOptions(ServiceURL(url), keyFile: "/k", connectTimeout: .seconds(4)) }
    private let key = String(repeating: "0f", count: 32)

    @Test func `reads host, port and key`() throws {
        let options = try options("zmq://queue.example:7000?server_key=\(key)")
        #expect(options.address == "tcp://queue.example:7000" && options.serverKey?.text == key)
        #expect(try self.options("zmq://[::1]").address == "tcp://[::1]:5556")
        #expect(try self.options("zmq://localhost").serverKey == nil)
    }

    @Test func `refuses plain connections to other machines, and what it does not know`() {
        for url in [
            "zmq://queue.example", "zmq://127.example.com", "zmq://h?server_key=00", "zmq://h?server_key=\(key)&x=1", "zmq://u:p@h?server_key=\(key)",
            "zmq://h/path?server_key=\(key)", "zmq://",
        ] {
            let error = #expect(throws: (any Error).self, "\(url)") { try options(url) }
            if let error = error as? DriverError { #expect(error.code == .configuration) }
        }
    }
}
