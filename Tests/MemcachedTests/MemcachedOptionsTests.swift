import CeleryCore
import Streams
import Testing

@testable import Memcached

@Suite struct MemcachedOptionsTests {
    private func options(_ text: String) throws -> MemcachedOptions { try MemcachedOptions(ServiceURL(text)) }

    @Test func `reads servers as Python's client does`() throws {
        let many = try options("cache+memcached://a:1;b;10.0.0.1:7;[::1]:8;[fe80::1];/run/m.sock;unix:/run/n.sock;b/")
        #expect(many.servers.map(\.node) == ["a:1", "b:11211", "10.0.0.1:7", "::1:8", "fe80::1:11211", "/run/m.sock", "/run/n.sock"])
        #expect(many.servers.map(\.socketPath) == [nil, nil, nil, nil, nil, "/run/m.sock", "/run/n.sock"])
        for scheme in URLScheme.all.filter({ $0.service == .memcached }).map(\.name) { #expect(try options("\(scheme)://h:5").servers == [MemcachedServer(host: "h", port: 5)]) }
        #expect(try options("memcached:///run/m.sock").servers.map(\.node) == ["/run/m.sock"])
    }

    @Test func `takes what Django writes after the question mark, and nothing else`() throws {
        #expect(try options("memcached://h:1/?timeout=30&max_entries=400").servers.count == 1)
        let error = #expect(throws: MemcachedError.self) { try options("memcached://h:1/?timeot=30") }
        #expect(error == MemcachedError(.options, "memcached://h:1/: a URL of Memcached has no option 'timeot'"))
    }

    @Test func `encrypts where the scheme says so, and knows the options of TLS there alone`() throws {
        #expect(try options("cache+memcached://h:1").tls == nil)
        let tls = try options("cache+memcacheds://h:1;i:2/?ssl_ca_certs=/ca.pem&ssl_certfile=/c.pem&ssl_keyfile=/c.key&timeout=3")
        #expect(tls.servers.map(\.node) == ["h:1", "i:2"] && tls.tls?.authorities == "/ca.pem" && tls.tls?.isVerified == true)
        #expect(tls.only(tls.servers[1]).location == "memcacheds://i:2/" && tls.only(tls.servers[1]).tls == tls.tls)
        #expect(try options("memcacheds://h?ssl_cert_reqs=none").tls?.isVerified == false)
        for (url, text) in [
            ("memcached://h:1/?ssl_ca_certs=/ca.pem", "memcached://h:1/: ssl_ca_certs needs cache+memcacheds://"),
            ("memcacheds://h:1/?ssl_ca_cert=/ca.pem", "memcacheds://h:1/: a URL of Memcached has no option 'ssl_ca_cert'; did you mean 'ssl_ca_certs'?"),
            ("memcacheds://h:1/?ssl_certfile=/c.pem", "memcacheds://h:1/: ssl_certfile and ssl_keyfile must be given together"),
            ("memcacheds://h:1/?ssl_cert_reqs=7", "memcacheds://h:1/: ssl_cert_reqs must be required, optional or none"),
            ("memcacheds:///run/m.sock", "memcacheds:///run/m.sock/: a socket such as /run/m.sock has no TLS; name it with memcached://"),
        ] {
            let error = #expect(throws: MemcachedError.self) { try options(url) }
            #expect(error == MemcachedError(.options, text))
        }
    }

    @Test(arguments: ["h:0", "h:x", "h:65536", "h:-1", "::1", "a b", "h/p", "h:1:2"])
    func `refuses what is no server`(text: String) {
        #expect(MemcachedServer(text) == nil)
        #expect(throws: (any Error).self) { try options("memcached://good:1;\(text)/") }
    }

    @Test func `refuses a list without a server`() {
        for text in ["memcached://", "cache+memcached:///", "memcached://;;/"] {
            let error = #expect(throws: MemcachedError.self) { try options(text) }
            #expect(error?.code == .options && error?.message.contains("names no server") == true)
        }
    }
}
