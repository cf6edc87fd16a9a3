import CeleryCore
import Testing

@Suite struct HTTPAddressTests {
    @Test func `is read in its parts, and written as it was`() throws {
        let address = try HTTPAddress("HTTPS://API.Example.com:8443/a%20b/../c?x=1&y=%C3%A9")
        #expect((address.scheme, address.host, address.port, address.socket) == (.https, "api.example.com", 8_443, nil))
        #expect(address.target == "/a%20b/../c?x=1&y=%C3%A9")
        #expect(address.text == "https://api.example.com:8443/a%20b/../c?x=1&y=%C3%A9")
        #expect(address.origin == "https://api.example.com:8443")
    }

    @Test func `the usual port is not written, as in a Host header`() throws {
        #expect(try HTTPAddress("http://a:80/").authority == "a")
        #expect(try HTTPAddress("https://a:80/").authority == "a:80")
        #expect(try HTTPAddress("https://a").origin == HTTPAddress("https://a:443/x").origin)
        #expect(try HTTPAddress("https://a").text == "https://a/")
        #expect(try HTTPAddress("http://a?q").text == "http://a/?q")
    }

    @Test func `an IPv6 address is in brackets`() throws {
        let address = try HTTPAddress("http://[::1]:81/")
        #expect((address.host, address.port, address.text) == ("::1", 81, "http://[::1]:81/"))
    }

    @Test func `a Unix socket is named by its escaped path`() throws {
        let address = try HTTPAddress("http+unix://%2Frun%2Fapp.sock/jobs?x=1")
        #expect((address.socket, address.target, address.text) == ("/run/app.sock", "/jobs?x=1", "http://localhost/jobs?x=1"))
        #expect(address.shown == "http+unix:///run/app.sock:/jobs")
    }

    @Test func `what is shown leaves the query out, which may hold a secret`() throws {
        #expect(try HTTPAddress("https://a/b?token=secret").shown == "https://a/b")
    }

    @Test(arguments: [
        "", "a", "example.com/x", "ftp://a/", "file:///etc/passwd", "http:/a", "http://", "http:///x", "https://:80/", "http://a:0/",
        "http://a:65536/", "http://a:8x/", "http://a:/", "http://user@a/", "http://u:p@a/", "http://a/#f", "http://a b/", "http://a/b c",
        "http://a/\u{E9}", "http://\u{E9}/", "http://a\\b/", "http://a/b\"c", "http://a/\nHost: b", "http://a%2eb/", "http://[::1/", "http://[]/",
        "http://[1.2.3.4]/", "http://[::1]x/", "http+unix://run/x", "http+unix:///x",
    ])
    func `refuses what it does not understand, or another reader might understand otherwise`(text: String) {
        #expect(throws: HTTPAddressError.self) { try HTTPAddress(text) }
    }

    @Test(arguments: [
        ("/jobs/1", "https://a:1/jobs/1"), ("jobs/1", "https://a:1/x/jobs/1"), ("?j=1", "https://a:1/x/y?j=1"), ("", "https://a:1/x/y?q=1"),
        ("//b/z", "https://b/z"), ("http://c/", "http://c/"), ("https://a:1/k#part", "https://a:1/k"), ("/a#part", "https://a:1/a"),
        ("javascript:alert(1)", nil), ("/a b", nil), ("http+unix://%2Frun%2Fx/", "http://localhost/"),
    ] as [(String, String?)])
    func `a location is seen from where it was sent`(location: String, expected: String?) throws {
        let address = try HTTPAddress("https://a:1/x/y?q=1").resolving(location)
        #expect(address?.text == expected)
    }

    @Test func `a socket is never of the same origin as a host`() throws {
        let host = try HTTPAddress("http://localhost/")
        let socket = try #require(host.resolving("http+unix://%2Frun%2Fx/"))
        #expect(socket.origin != host.origin)
    }
}
