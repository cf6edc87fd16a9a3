import CeleryCore
import Streams
import Testing

@testable import Redis

@Suite struct RedisOptionsTests {
    private func options(_ url: String) throws -> RedisOptions { try RedisOptions(ServiceURL(url)) }

    @Test func `reads a URL`() throws {
        let options = try options("redis://me:p%40ss@db.example:6380/3")
        #expect(options.host == "db.example" && options.port == 6380 && options.user == "me" && options.password == "p@ss")
        #expect(options.database == 3 && options.tls == nil && options.socketPath == nil && options.location == "redis://me:***@db.example:6380/3")
        let bare = try self.options("redis://")
        #expect(bare.host == "localhost" && bare.port == 6379 && bare.user == nil && bare.password == nil && bare.database == 0)
        #expect(bare.answerTimeout == .seconds(8) && bare.connectTimeout == .seconds(4) && bare.protocolVersion == 2 && bare.clientName == "celery")
        let password = try self.options("redis://:secret@h/")
        #expect(password.user == nil && password.password == "secret" && password.database == 0)
        #expect(!password.location.contains("secret"))
        #expect(try self.options("redis://[::1]:7/0").host == "::1")
    }

    @Test func `a socket of this machine has a path, and its database is an option`() throws {
        for scheme in ["socket", "redis+socket"] {
            let options = try options("\(scheme)://:secret@/run/redis/redis.sock?virtual_host=/4")
            #expect(options.socketPath == "/run/redis/redis.sock" && options.database == 4 && options.password == "secret")
            #expect(options.location.hasSuffix("/run/redis/redis.sock") && !options.location.contains("secret"))
        }
        #expect(throws: RedisError.self) { try options("socket://") }
        #expect(throws: RedisError.self) { try options("socket://host/run/redis.sock") }
    }

    @Test func `reads the options of Python's client`() throws {
        let plain = try options(
            "redis://h/0?db=5&socket_timeout=2.5&socket_connect_timeout=1&client_name=shop&protocol=3&max_connections=20&socket_keepalive=true&retry_on_timeout=true&health_check_interval=30&username=u&password=hush")
        #expect(plain.database == 5 && plain.answerTimeout == .seconds(2.5) && plain.connectTimeout == .seconds(1))
        #expect(plain.clientName == "shop" && plain.protocolVersion == 3 && plain.user == "u" && plain.password == "hush")
        #expect(!plain.location.contains("hush"))
        // A dead connection is noticed within ten seconds, whatever Python's client is told.
        #expect(try options("redis://h/0?socket_timeout=120").answerTimeout == .seconds(8))
        let tls = try options("rediss://h/0?ssl_cert_reqs=required&ssl_ca_certs=/ca.pem&ssl_certfile=/c.pem&ssl_keyfile=/c.key").tls
        #expect(tls?.authorities == "/ca.pem" && tls?.certificate == "/c.pem" && tls?.key == "/c.key" && tls?.isVerified == true && tls?.checksHost == true)
        #expect(try options("rediss://h?ssl_cert_reqs=CERT_NONE").tls?.isVerified == false)
        #expect(try options("rediss://h?ssl_cert_reqs=optional").tls?.isVerified == true)
        #expect(try options("rediss://h?ssl_check_hostname=False").tls?.checksHost == false)
    }

    @Test(arguments: [
        ("redis://u:hush@h/0?sockettimeout=2", "redis://u:***@h/0: unknown option 'sockettimeout'; did you mean 'socket_timeout'?"),
        ("redis://h/0?ssl_ca_certs=/ca", "redis://h/0: ssl_ca_certs needs rediss://"),
        ("rediss://h/0?ssl_cert_reqs=maybe", "rediss://h/0: ssl_cert_reqs must be required, optional or none"),
        ("rediss://h/0?ssl_certfile=/c", "rediss://h/0: ssl_certfile and ssl_keyfile must be given together"),
        ("redis://h/tasks", "redis://h/tasks: the database must be a number, as in redis://host:6379/0"),
        ("redis://h/-1", "redis://h/-1: the database must be a number, as in redis://host:6379/0"),
        ("redis://h/0?db=x", "redis://h/0: db must be the number of a database"),
        ("redis://h/0?db=1&db=2", "redis://h/0: option 'db' is given twice"),
        ("redis://h/0?socket_timeout=0", "redis://h/0: socket_timeout must be a number of seconds, up to 3600"),
        ("redis://h/0?socket_timeout=nan", "redis://h/0: socket_timeout must be a number of seconds, up to 3600"),
        ("redis://h/0?protocol=4", "redis://h/0: protocol must be 2 or 3"),
        ("redis://h/0?client_name=a%20b", "redis://h/0: client_name must be a word of visible ASCII characters"),
        ("redis://h/0?credential_provider=a.B", "redis://h/0: credential_provider names a class of Python; write user and password in the URL"),
        ("redis://u@h/0", "redis://u@h/0: it names a user and no password; write :password@ for a password alone"),
    ])
    func `refuses what makes no sense, and names it`(url: String, message: String) throws {
        let error = #expect(throws: RedisError.self) { try options(url) }
        #expect(error == RedisError(.options, message))
    }

    @Test func `refuses a NUL byte in any part`() {
        for url in ["redis://:a%00b@h/0", "redis://a%00b:c@h/0", "socket:///tmp/a%00b", "redis://h/0?client_name=a%00b"] {
            #expect(throws: (any Error).self, "\(url)") { try options(url) }
        }
    }
}
