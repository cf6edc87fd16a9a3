import CeleryCore
import Testing

/// Where `celery web` listens.
@Suite struct WebAddressTests {
    @Test(arguments: [
        ("127.0.0.1:5555", "127.0.0.1:5555", true), ("localhost:80", "127.0.0.1:80", true), ("[::1]:5555", "[::1]:5555", true),
        ("0.0.0.0:0", "0.0.0.0:0", false), ("[::]:65535", "[::]:65535", false), ("unix:run/web.sock", "unix:run/web.sock", true),
    ])
    func `is an address and a port, or a socket in the file system`(text: String, shown: String, isLocal: Bool) throws {
        let address = try #require(WebAddress(text))
        #expect(address.description == shown && address.isLocal == isLocal && WebAddress(shown) == address)
    }

    @Test(arguments: [
        "", "5555", "127.0.0.1", ":5555", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:+1", "127.0.0.1:-1", "jobs.example:80", "::1:5555", "[127.0.0.1]:80",
        "127.0.0.1:5555/", "unix:", "unix:" + String(repeating: "a", count: 108), "http://127.0.0.1:5555",
    ])
    func `anything else is none`(text: String) {
        #expect(WebAddress(text) == nil)
    }
}
