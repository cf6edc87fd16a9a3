import CeleryCore
import Streams
import Testing

@testable import Mongo

@Suite struct MongoOptionsTests {
    private func options(_ text: String) throws -> MongoOptions { try MongoOptions(ServiceURL(text)) }

    @Test func `reads servers, user and database`() throws {
        let plain = try options("mongodb://h")
        #expect(plain.servers.map(\.description) == ["h:27017"] && plain.database == "celery" && plain.user == nil && plain.tls == nil)
        let whole = try options("mongodb://me:s%2Fcret@a:1,b,[::1]:3/shop?replicaSet=rs")
        #expect(whole.servers.map(\.description) == ["a:1", "b:27017", "[::1]:3"] && whole.servers[2].host == "::1")
        #expect(whole.user == "me" && whole.password == "s/cret" && whole.database == "shop" && whole.authenticationDatabase == "shop")
        #expect(whole.replicaSet == "rs" && whole.location == "mongodb://me:***@a:1,b,[::1]:3/shop")
        #expect(try options("mongodb://u:p@h").authenticationDatabase == "admin")
        #expect(try options("mongodb://u:p@h/shop?authSource=admin").authenticationDatabase == "admin")
    }

    @Test func `options have the names of Python's client, in any case of letters`() throws {
        let some = try options("mongodb://h/x?AUTHMECHANISM=SCRAM-SHA-1&connecttimeoutms=500&socketTimeoutMS=99000&w=2&journal=true&wtimeoutms=7&maxPoolSize=3&retryWrites=true")
        #expect(some.mechanism == "SCRAM-SHA-1" && some.connectTimeout == .milliseconds(500) && some.answerTimeout == .seconds(8))
        #expect(some.writeConcern == ["w": 2, "j": true, "wtimeout": 7])
        #expect(try options("mongodb://h?w=majority").writeConcern == ["w": "majority"])
        let named = try options("mongodb://h?taskmeta_collection=t&groupmeta_collection=g")
        #expect(named.taskCollection == "t" && named.groupCollection == "g")
    }

    @Test func `an option of TLS asks for TLS, which verifies unless it is told not to`() throws {
        let tls = try options("mongodb://h?tlsCAFile=/ca.pem&tlsCertificateKeyFile=/me.pem").tls
        #expect(tls?.authorities == "/ca.pem" && tls?.certificate == "/me.pem" && tls?.key == "/me.pem" && tls?.isVerified == true && tls?.checksHost == true)
        #expect(try options("mongodb://h?tls=true").tls == TLSTerms() && options("mongodb://h?ssl=false").tls == nil)
        #expect(try options("mongodb://h?tls=true&tlsAllowInvalidHostnames=true").tls?.checksHost == false)
        #expect(try options("mongodb://h?tlsInsecure=true").tls?.isVerified == false)
    }

    @Test(arguments: [
        ("mongodb+srv://u:hush@h/x", "servers are not looked up in the DNS (mongodb+srv); write mongodb:// with the names of the servers, and tls=true"),
        ("mongodb://u:hush@h/x?authSorce=a", "unknown option 'authSorce'; did you mean 'authSource'?"),
        ("mongodb://u:hush@h/x?w=1&W=2", "option 'W' is given twice"), ("mongodb://u:hush@h/x?w=0", "w must be at least 1: what is not confirmed may be lost"),
        ("mongodb://u:hush@h/x?authMechanism=GSSAPI", "authMechanism must be SCRAM-SHA-256 or SCRAM-SHA-1"),
        ("mongodb://u:hush@h/x?tls=maybe", "tls must be true or false"), ("mongodb://u:hush@h/x?connectTimeoutMS=0", "connectTimeoutMS must be a number of milliseconds, up to 3600000"),
        ("mongodb://u:hush@h/x?readPreference=secondary", "results are read from the primary only; leave readPreference out"),
        ("mongodb://u:hush@h/x?tlsCAFile=/a&tls=false", "TLS is off, and has options"), ("mongodb://u@h", "it names a user and no password"),
        ("mongodb://u:hush@a,b/x?directConnection=true", "directConnection is for one server, and the URL names 2"),
        ("mongodb://u:hush@h/a.b", "'a.b' cannot be the name of a database"), ("mongodb://u:hush@h/x?taskmeta_collection=a%24b", "'a$b' cannot be the name of a collection"),
        ("mongodb://u:hush@h/x?taskmeta_collection=celery_groupmeta", "results and groups must be in two collections"),
    ])
    func `refuses what makes no sense, without the password`(text: String, message: String) {
        let error = #expect(throws: MongoError.self) { try options(text) }
        #expect(error?.code == .options && error?.message.hasSuffix(message) == true, "\(String(describing: error))")
        #expect(error?.message.contains("hush") == false)
    }

    @Test(arguments: ["mongodb://a:1,b:hush", "mongodb://u:hush,b:1", "mongodb://a:1,b:70000"])
    func `what may be a password in the place of a port is not shown`(text: String) {
        let error = #expect(throws: ServiceURLError.self) { try ServiceURL(text) }
        #expect(error?.message.contains("hush") == false)
    }

    @Test func `a URL with several servers is what it was after being written`() throws {
        for text in ["mongodb://u:s%2Fp@a:1,b:2/shop?replicaSet=rs", "mongodb://a,b", "mongodb://[::1]:1,b:2/x"] {
            #expect(try ServiceURL(text).text == text)
        }
    }
}
