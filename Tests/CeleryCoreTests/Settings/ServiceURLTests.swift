import Fixtures
import Testing

@testable import CeleryCore

@Suite struct ServiceURLTests {
    @Test func `a full URL has all its parts`() throws {
        let url = try ServiceURL("amqp://me:secret@example.org:5673/shop?heartbeat=10&x")
        #expect(url.scheme == "amqp")
        #expect(url.user == "me")
        #expect(url.password == "secret")
        #expect(url.host == "example.org")
        #expect(url.port == 5673)
        #expect(url.virtualHost == "shop")
        #expect(url.query == [.init(name: "heartbeat", value: "10"), .init(name: "x", value: "")])
    }

    @Test func `parts that are missing are nil`() throws {
        let url = try ServiceURL("amqp://example.org")
        #expect(url == ServiceURL(scheme: "amqp", host: "example.org"))
        #expect(try ServiceURL("memory://") == ServiceURL(scheme: "memory"))
    }

    @Test(arguments: ["amqp://h", "amqp://h/", "amqp://h//", "amqp://h/%2F"])
    func `an empty virtual host and a slash are the default one`(text: String) throws {
        #expect(try ServiceURL(text).virtualHost == "/")
    }

    @Test func `a virtual host may have slashes in it`() throws {
        #expect(try ServiceURL("amqp://h/a%2Fb").virtualHost == "a/b")
        #expect(try ServiceURL("amqp://h/%2Fa").virtualHost == "/a")
        #expect(ServiceURL(scheme: "amqp", host: "h", path: "//a").text == "amqp://h/%2Fa")
    }

    @Test func `escapes are decoded in every part`() throws {
        let url = try ServiceURL("amqp://us%40er:p%3Aw%2F@h/v%20h?n%26=v%3D")
        #expect(url.user == "us@er")
        #expect(url.password == "p:w/")
        #expect(url.virtualHost == "v h")
        #expect(url.query == [.init(name: "n&", value: "v=")])
    }

    @Test func `a password may hold at signs, colons, hashes and commas as they are`() throws {
        #expect(try ServiceURL("amqp://u:p@:#w@h").password == "p@:#w")
        #expect(try ServiceURL.alternatives("amqp://u:a,b;c@h").map(\.password) == ["a,b;c"])
    }

    @Test func `an IPv6 address stands in brackets`() throws {
        let url = try ServiceURL("amqp://[::1]:5672/x")
        #expect(url.host == "::1")
        #expect(url.port == 5672)
        #expect(url.text == "amqp://[::1]:5672/x")
        #expect(try ServiceURL("amqp://[fe80::1]").port == nil)
    }

    @Test(arguments: [
        ("sqlite:///var/q.db", "/var/q.db"), ("sqlite:/var/q.db", "/var/q.db"), ("sqlite://q.db", "/shop/q.db"),
        ("sqlite:q.db", "/shop/q.db"), ("sqlite:sub/q.db", "/shop/sub/q.db"), ("sqlite:///a%20b,c.db", "/a b,c.db"),
        ("sqlite:///a:b@c.db", "/a:b@c.db"), ("db+sqlite:////var/r.db", "/var/r.db"),
        ("db+sqlite:///r.db", "/shop/r.db"),
    ])
    func `an sqlite URL names a file, alone or seen from the project`(text: String, file: String) throws {
        let url = try ServiceURL(text).resolved(in: "/shop")
        #expect(url.path == file)
        #expect(url.host == nil)
        #expect(try ServiceURL(url.text) == url, "\(url.text) reads back")
    }

    @Test func `alternatives are separated by semicolons or commas`() throws {
        let urls = try ServiceURL.alternatives("amqp://a:1/x;amqp://b,amqps://c;")
        #expect(urls.map(\.host) == ["a", "b", "c"])
        #expect(urls.map(\.scheme) == ["amqp", "amqp", "amqps"])
    }

    @Test func `a comma in a file name separates nothing`() throws {
        #expect(try ServiceURL.alternatives("sqlite:///a,b.db").map(\.path) == ["/a,b.db"])
    }

    @Test func `the redacted text has stars for the password and all else`() throws {
        #expect(try ServiceURL("amqp://me:se%20cret@h:1/v?a=b").redacted == "amqp://me:***@h:1/v?a=b")
        #expect(try ServiceURL("amqp://me@h").redacted == "amqp://me@h")
        #expect(try ServiceURL("sqlite:///a.db").redacted == "sqlite:///a.db")
    }

    @Test(arguments: [
        ("amqp://me:secret@h:x/", "amqp://me:***@h:x/"), ("amqp://me:sec/ret@h", "amqp://me:***@h"),
        ("amqp://me:s@cret@h", "amqp://me:***@h"), ("amqp://me:secret", "amqp://me:***"),
        ("amqp://a:1/;amqp://me:secret@b", "amqp://a:1/;amqp://me:***@b"), ("amqp://h:5672/", "amqp://h:5672/"),
        ("amqp://[::1]/", "amqp://[::1]/"), ("secret", "secret"),
        ("amqp//me:secret@h", "amqp//me:***@h"), ("me:secret@h", "me:***@h"), ("amqp:/me:secret@h/v", "amqp:/me:***@h/v"),
        ("amqp:me:secret@h", "amqp:me:***@h"), ("//me:secret@h", "//me:***@h"), ("://me:secret@h", "://me:***@h"),
        ("amqp:///me:secret@h", "amqp:///me:***@h"), ("amqp;//me:secret@h", "amqp;//me:***@h"), ("me/secret@h", "me/***@h"),
        ("amqp://me;secret@h", "amqp://***@h"), ("amqp://me:123456", "amqp://me:***"), ("amqp://me:sec/ret", "amqp://me:***"),
        ("me:secret", "me:***"), ("localhost:5672/v", "localhost:5672/v"), ("amqp:h", "amqp:h"), ("sqlite:a b:c", "sqlite:a b:c"),
        ("amqp://h/v?password=secret&a=b", "amqp://h/v?password=***&a=b"), ("--broker=amqp//me:secret@h", "--broker=amqp//me:***@h"),
    ])
    func `a URL too broken to read is redacted all the same`(text: String, shown: String) {
        #expect(ServiceURL.redact(text) == shown)
    }

    @Test(arguments: [
        ("no command 'amqp://me:secret@h/v'; see", "no command 'amqp://me:***@h/v'; see"), ("-b me:secret@h x", "-b me:***@h x"),
        ("worker w1@host: lost", "worker w1@host: lost"), ("at 10:30 by a@b", "at 10:30 by a@b"), ("http://h:15672/", "http://h:15672/"),
    ])
    func `a sentence keeps everything but the passwords of its URLs`(text: String, shown: String) {
        #expect(ServiceURL.redact(within: text) == shown)
    }

    @Test func `a query shows no password either`() throws {
        #expect(try ServiceURL("amqp://h/v?password=se%20cret&ssl=a/b").redacted == "amqp://h/v?password=***&ssl=a/b")
        #expect(try ServiceURL("amqp://h/v?password=se%20cret").text == "amqp://h/v?password=se%20cret")
    }

    @Test(arguments: [
        ("localhost", "'localhost' is not a URL: it has no scheme such as amqp://"),
        ("", "'' is not a URL: it has no scheme such as amqp://"),
        ("amqp:h", "'amqp:h' is not a URL: write amqp://host"),
        ("amqp://u:pw@h:70000", "the port in 'amqp://u:***@h:70000' must be a whole number from 1 to 65535"),
        ("amqp://u:pw@h:0/", "the port in 'amqp://u:***@h:0/' must be a whole number from 1 to 65535"),
        ("amqp://u:pw@h:abc/", "the port in 'amqp://u:***@h:abc/' must be a whole number from 1 to 65535"),
        ("amqp://u:pw", "the port in 'amqp://u:***' must be a whole number from 1 to 65535"),
        ("amqp://[::1]x", "the port in 'amqp://[::1]x' must be a whole number from 1 to 65535"),
        ("amqp://u:p%zz@h", "'amqp://u:***@h' has a broken escape; write % itself as %25"),
        ("amqp://h/%00", "'amqp://h/%00' has a broken escape; write % itself as %25"),
        ("amqp://h/%C3", "'amqp://h/%C3' has a broken escape; write % itself as %25"),
        ("amqp://h x", "'amqp://h x' has a space or control character in it"),
        ("amqp://a,b", "'amqp://a,b' has no usable host; write alternatives as whole URLs, separated by ';'"),
        (
            "amqp://us/er:pw@h/v",
            "'amqp://us/er:***@h/v' has an @ after a slash; write / in a user or password as %2F, @ after it as %40"
        ),
        ("sqlite://u:pw@h/x", "'sqlite://u:***@h/x' names a host; write sqlite:///path/to/file.db"),
        ("amqp//u:pw@h", "'amqp//u:***@h' is not a URL: it has no scheme such as amqp://"),
        ("u:pw@h", "'u:***@h' is not a URL: write u://host"), ("amqp:/u:pw@h/v", "'amqp:/u:***@h/v' is not a URL: write amqp://host"),
        ("sqlite://", "'sqlite://' names no file; write sqlite:///path/to/file.db"),
        ("sqlite:///", "'sqlite:///' names no file; write sqlite:///path/to/file.db"),
        ("sqlite::memory:", "'sqlite::memory:' names no file; write sqlite:///path/to/file.db"),
    ])
    func `what is wrong is said without the password`(text: String, message: String) {
        #expect(throws: ServiceURLError(message: message)) { try ServiceURL(text) }
    }

    @Test func `every URL reads back from its text, whatever its parts hold`() throws {
        var random = SeededGenerator(seed: 11)
        let letters = Array("ab/:@?#%&=;,+ é中[]\\'\"~-._0")
        for _ in 0..<fuzzRounds(2_000) {
            func word() -> String { String((0..<Int.random(in: 1...6, using: &random)).map { _ in letters.randomElement(using: &random)! }) }
            let host = String(word().filter { !",;/[]:".contains($0) } + "h")
            let url = ServiceURL(
                scheme: "amqp", user: word(), password: word(), host: host, port: .random(in: 1...65_535, using: &random),
                path: "/" + word(), query: [.init(name: word(), value: word())])
            #expect(try ServiceURL.alternatives(url.text) == [url])
        }
    }

    @Test func `every file has a URL that reads back, whatever its name holds`() throws {
        var random = SeededGenerator(seed: 13)
        let letters = Array("ab/:@?#%&=;,+ é中[]\\'\"~-._0x://")
        for scheme in ["sqlite", "db+sqlite"] {
            for _ in 0..<fuzzRounds(2_000) {
                let word = String((0..<Int.random(in: 0...8, using: &random)).map { _ in letters.randomElement(using: &random)! })
                let url = ServiceURL(scheme: scheme, path: "/" + word + "x.db")
                #expect(try ServiceURL.alternatives(url.text) == [url])
            }
        }
        #expect(Settings(projectFolder: "/my shop/50%").brokerURL == "sqlite:///my%20shop/50%25/celery.db")
    }

    @Test func `mutated texts are read or refused, and refusals never show the password`() {
        var random = SeededGenerator(seed: 12)
        let seed = Array("amqp://user:hunter2@host:5672/v;amqp://user:hunter2@b/".utf8)
        for _ in 0..<fuzzRounds(5_000) {
            var bytes = seed
            for _ in 0..<3 { bytes[.random(in: 0..<bytes.count, using: &random)] = .random(in: 0x20...0x7E, using: &random) }
            let text = String(decoding: bytes, as: UTF8.self)
            // Only where both passwords still stand behind a user and before a host.
            guard text.hasPrefix("amqp://"), text.contains("r:hunter2@h"), text.contains(";amqp://user:hunter2@b/") else { continue }
            do {
                let urls = try ServiceURL.alternatives(text)
                #expect(!urls.map(\.redacted).joined().contains("hunter2"), "\(text)")
            } catch {
                #expect(!error.message.contains("hunter2"), "\(text)")
            }
        }
    }

    // MARK: Memcached

    @Test func `a URL of Memcached names any number of servers`() throws {
        let url = try ServiceURL("cache+memcached://a:1;b;[::1]:2;/run/m.sock/?timeout=3")
        #expect(url.namesServers && url.servers == ["a:1", "b", "[::1]:2", "/run/m.sock"])
        #expect(url.host == nil && url.port == nil && url.path.isEmpty && url.query == [.init(name: "timeout", value: "3")])
        #expect(url.text == "cache+memcached://a:1;b;[::1]:2;/run/m.sock/?timeout=3")
        #expect(try ServiceURL(url.text) == url)
        #expect(try ServiceURL("memcached:///run/m.sock").servers == ["/run/m.sock"])
        #expect(try ServiceURL("memcached://").servers == [])
        // The separator of alternatives separates servers here.
        #expect(try ServiceURL.alternatives("memcached://a:1;b:2/;amqp://c").map(\.scheme) == ["memcached", "amqp"])
    }

    @Test(arguments: ["memcached://user:hush@h:1/", "cache+memcached://h:1;u:hush@i:2/", "memcached:h:1"])
    func `a URL of Memcached has no user and no password`(text: String) {
        let error = #expect(throws: ServiceURLError.self) { try ServiceURL(text) }
        #expect(error?.message.contains("hush") == false)
    }

    @Test func `servers of Memcached are shown, and what may be a password is not`() {
        for text in ["cache+memcached://a:11211;b:11212/", "memcached://a;b:1;/run/m.sock/", "memcached://[::1]:5/"] {
            #expect(ServiceURL.redact(text) == text)
        }
        #expect(ServiceURL.redact("memcached://a:1;user:hush/") == "memcached://a:1;user:***")
        #expect(!ServiceURL.redact("memcached://a:1;u:hush@b:2/").contains("hush"))
    }

    // MARK: Folders

    @Test(arguments: [
        ("file:///var/results", "/var/results"), ("file:///var/results/", "/var/results"), ("file://localhost/var/r", "/var/r"), ("file:///", "/"),
        ("file:///a%20b", "/a%20b"),
    ])
    func `a folder is named as Python names it`(text: String, path: String) throws {
        let url = try ServiceURL(text)
        #expect(url.namesFile && url.path == path && url.host == nil)
        #expect(url.text == "file://\(path)")
        #expect(try ServiceURL(url.text) == url && ServiceURL.redact(text) == text)
    }

    @Test func `a folder without a slash at its beginning is in the project folder`() throws {
        #expect(try ServiceURL("file://results").resolved(in: "/shop").text == "file:///shop/results")
        for text in ["file://", "file:", "file:/x"] { #expect(throws: ServiceURLError.self) { try ServiceURL(text) } }
    }
}
