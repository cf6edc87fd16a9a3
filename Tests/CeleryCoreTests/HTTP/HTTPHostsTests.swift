import CeleryCore
import Testing

@Suite struct HTTPHostsTests {
    private func lists(_ hosts: [String], _ url: String) throws -> Bool { try HTTPHosts(hosts).list(HTTPAddress(url)) }

    @Test(arguments: [
        (["api.example.com"], "https://api.example.com/x", true),
        (["API.Example.com"], "https://api.example.com./x", true),
        (["api.example.com"], "https://api.example.com.evil.org/", false),
        (["api.example.com"], "https://evil-api.example.com/", false),
        (["api.example.com"], "https://x.api.example.com/", false),
        (["*.example.com"], "https://a.b.example.com/", true),
        (["*.example.com"], "https://example.com/", false),
        (["*.example.com"], "https://badexample.com/", false),
        (["a:8080"], "http://a:8080/", true),
        (["a:8080"], "http://a/", false),
        (["a:443"], "https://a/", true),
        (["10.0.0.0/8"], "http://10.1.2.3/", true),
        (["10.0.0.0/8"], "http://11.1.2.3/", false),
        (["10.0.0.0/8"], "http://a/", false),
        (["::1"], "http://[::1]/", true),
        (["127.0.0.1:99"], "http://127.0.0.1:99/", true),
        (["127.0.0.1:99"], "http://127.0.0.1:98/", false),
        (["a"], "http+unix://%2Fa/", false),
        (["localhost"], "http+unix://%2Fa/", false),
        ([], "http://a/", false),
    ] as [([String], String, Bool)])
    func `lists exact names, names below, addresses and networks`(hosts: [String], url: String, expected: Bool) throws {
        #expect(try lists(hosts, url) == expected)
    }

    @Test(arguments: ["", "http://a", "a/b", "a b", "*.", "*", "*.*.com", "1.2.3.4/33", "user@a", "a:x", "\u{E9}"])
    func `refuses an entry that is no host`(text: String) {
        #expect(throws: HTTPAddressError.self) { try HTTPHosts([text]) }
    }

    @Test(arguments: [
        "0.0.0.0", "10.1.1.1", "100.64.0.1", "127.0.0.1", "127.255.1.1", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1",
        "192.168.1.1", "198.18.0.1", "203.0.113.9", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255", "::", "::1", "::ffff:127.0.0.1",
        "::ffff:10.0.0.1", "::127.0.0.1", "fe80::1", "fc00::1", "fd12::1", "ff02::1", "64:ff9b::7f00:1", "2002:7f00:1::", "2001::1", "2001:db8::1",
    ])
    func `an address that is not of the internet is connected to only if it is listed`(text: String) throws {
        let address = try #require(NetworkAddress(text))
        #expect(!address.isPublic)
        #expect(!(try HTTPHosts(["api.example.com"])).permits(address, of: "api.example.com"))
        #expect(try HTTPHosts(["api.example.com", text]).permits(address, of: "api.example.com"))
    }

    @Test(arguments: ["1.1.1.1", "8.8.8.8", "172.32.0.1", "100.63.0.1", "2606:4700::1111", "64:ff9b::808:808", "2002:808:808::", "::ffff:8.8.8.8"])
    func `any host may be at an address of the internet`(text: String) throws {
        let address = try #require(NetworkAddress(text))
        #expect(address.isPublic)
        #expect(try HTTPHosts(["a"]).permits(address, of: "a"))
    }

    @Test func `a listed localhost is at loopback, and no other name is`() throws {
        let hosts = try HTTPHosts(["localhost", "rebound.example.com"])
        let loopback = try #require(NetworkAddress("127.0.0.1"))
        #expect(hosts.permits(loopback, of: "localhost"))
        #expect(!hosts.permits(loopback, of: "rebound.example.com"))
        #expect(!hosts.permits(try #require(NetworkAddress("10.0.0.1")), of: "localhost"))
    }

    @Test func `a network contains the addresses that share its first bits`() throws {
        let range = try #require(NetworkRange("172.16.0.0/12"))
        #expect(range.contains(try #require(NetworkAddress("172.31.255.255"))))
        #expect(!range.contains(try #require(NetworkAddress("172.32.0.0"))))
        #expect(!range.contains(try #require(NetworkAddress("::1"))))
        #expect(try #require(NetworkRange("0.0.0.0/0")).contains(try #require(NetworkAddress("9.9.9.9"))))
        for text in ["1.2.3.4/", "1.2.3.4/-1", "1.2.3/8", "/8", "1.2.3.4/8/8", "::/129", "1.2.3.4/٣"] { #expect(NetworkRange(text) == nil) }
    }
}
