import CeleryCore
import Fixtures
import Streams
import Testing

@testable import Proton

/// The login of a connection, step by step and at a server.
@Suite(.timeLimit(.minutes(1))) struct ProtonLoginTests {
    @Test func `a user logs in with a password, and a client without one as nobody`() async throws {
        let server = try ProtonScript()
        for user in ["u", nil] {
            let client = ProtonClient(try server.options { ($0.user, $0.password) = (user, user.map { _ in "p" }) })
            _ = try await client.connect()
            await client.close()
        }
        #expect(server.logins.compactMap(\.first) == [.symbol("PLAIN"), .symbol("ANONYMOUS")])
        #expect(server.logins.first?.dropFirst().first == .binary([0, UInt8(ascii: "u"), 0, UInt8(ascii: "p")]))
    }

    @Test func `a certificate is shown where the server takes one`() throws {
        var options = try ProtonOptions(ServiceURL("amqps10://h?ssl_certfile=c&ssl_keyfile=k"))
        options.tls?.isVerified = false
        var login = ProtonLogin(options)
        #expect(login.takeOutput() == Array("AMQP".utf8) + [3, 1, 0, 0])
        let offer = ProtonScript.frame(type: 1, .described(.ulong(0x40), .list([.list([.symbol("EXTERNAL"), .symbol("ANONYMOUS")])])))
        // A byte at a time.
        for byte in Array("AMQP".utf8) + [3, 1, 0, 0] + offer { try [byte].withUnsafeBytes { try login.give($0) } }
        #expect(String(decoding: login.takeOutput(), as: UTF8.self).contains("EXTERNAL"))
        #expect(!login.isDone)
        let outcome = ProtonScript.frame(type: 1, .described(.ulong(0x44), .list([.ubyte(0)]))) + [1, 2, 3]
        try outcome.withUnsafeBytes { try login.give($0) }
        #expect(login.isDone && login.takeRest() == [1, 2, 3])
    }

    private static func greeting(_ change: (inout ProtonScript.Greeting) -> Void) -> ProtonScript.Greeting {
        var greeting = ProtonScript.Greeting()
        change(&greeting)
        return greeting
    }

    @Test(arguments: [
        (greeting { $0.outcome = 1 }, ProtonError.Code.denied, "refuses the login of user 'u'"),
        (greeting { $0.outcome = 2 }, .unreachable, "the login failed"),
        (greeting { $0.mechanisms = ["GSSAPI"] }, .denied, "it offers GSSAPI"),
        (greeting { $0.header = Array("AMQP".utf8) + [0, 0, 9, 1] }, .malformed, "another version of AMQP"),
        (greeting { $0.header = Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8) }, .malformed, "does not speak AMQP"),
    ])
    func `a login that fails says why, without the password`(greeting: ProtonScript.Greeting, code: ProtonError.Code, words: String) async throws {
        let server = try ProtonScript(greeting)
        let client = ProtonClient(try server.options { ($0.user, $0.password) = ("u", "hush") })
        let error = await #expect(throws: ProtonError.self) { _ = try await client.connect() }
        #expect(error?.code == code && error?.isOfOpening == true)
        #expect(error?.message.contains(words) == true && error?.message.contains("hush") == false, "\(error?.message ?? "")")
        await client.close()
    }

    @Test func `a server that does not open is left after the time limit`() async throws {
        let server = try ProtonScript(Self.greeting { $0.opening = nil })
        let client = ProtonClient(try server.options { $0.connectTimeout = .milliseconds(300) })
        let error = await #expect(throws: ProtonError.self) { _ = try await client.connect() }
        #expect(error?.code == .unreachable && error?.message.contains("does not open") == true)
        await client.close()
    }

    @Test func `a login of random bytes is refused, and nothing else`() throws {
        var generator = SeededGenerator(seed: 7)
        let header = Array("AMQP".utf8) + [3, 1, 0, 0]
        for round in 0..<fuzzRounds(4_000) {
            var login = ProtonLogin(try ProtonOptions(ServiceURL("amqp10://u:p@h")))
            var bytes = header + ProtonScript.frame(type: 1, .described(.ulong(0x40), .list([.list([.symbol("PLAIN"), .symbol("X")])])))
            bytes += ProtonScript.frame(type: 1, .described(.ulong(0x44), .list([.ubyte(0)])))
            for _ in 0..<(round % 5 + 1) { bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator) }
            do {
                try bytes.withUnsafeBytes { try login.give($0) }
            } catch {
                #expect((error as? ProtonError)?.message.isEmpty == false)
            }
        }
    }
}
