import CeleryCore
import Fixtures
import Testing

@testable import WebServer

/// The file of users and tokens.
@Suite struct WebCredentialsTests {
    /// `openssl passwd -6 -salt saltsalt secret`.
    static let hash = "$6$saltsalt$TVLlQcbpFVof5W3Yz4DTP6gRstiNuHwwTt6GLc1E5n0U0aDehy0S5knV8wiOQSpT0Y77vwPZN.Pq.H91p5hVO1"
    static let tokenHash = Hexadecimal.text(SHA256.hash("a long secret token".utf8))

    private func mistake(in text: String) -> WebCredentials.Mistake? {
        do throws(WebCredentials.Mistake) {
            _ = try WebCredentials(text: text)
            return nil
        } catch {
            return error
        }
    }

    @Test func `has users and tokens, who may only read unless it says otherwise`() throws {
        let credentials = try WebCredentials(text: "# people\nada:\(Self.hash):act\n\ngrace:\(Self.hash)\r\n@ci:\(Self.tokenHash):act\n@grafana:\(String(repeating: "0", count: 64)):read\n")
        #expect(credentials.users.mapValues(\.rights) == ["ada": [.read, .act], "grace": [.read]])
        #expect(credentials.tokens.map(\.name) == ["ci", "grafana"])
        #expect(credentials.owner(ofToken: "a long secret token") == WebIdentity("ci", [.read, .act], isBearer: true))
        #expect(credentials.owner(ofToken: "a long secret toke") == nil && credentials.owner(ofToken: "") == nil)
    }

    @Test func `a token may be bound to tasks, and then has no other right`() throws {
        let credentials = try WebCredentials(text: "@shop:\(Self.tokenHash):apply=shop.*,mail.send\r\n@ci:\(String(repeating: "0", count: 64)):act\n")
        let shop = try #require(credentials.owner(ofToken: "a long secret token"))
        #expect(shop.rights.isEmpty && shop.isBearer && shop.submission?.patterns.map(\.text) == ["shop.*", "mail.send"])
        #expect(shop.submission?.permits("shop.sell") == true && shop.submission?.permits("mail.drop") == false)
        #expect(credentials.hasSubmitters && credentials.tokens[1].entry.submissions.isEmpty)
        #expect(try !WebCredentials(text: "ada:\(Self.hash):act").hasSubmitters)
    }

    @Test(arguments: [
        ("@ci:\(WebCredentialsTests.tokenHash):apply=", "names of tasks"), ("@ci:\(WebCredentialsTests.tokenHash):apply=a,,b", "names of tasks"),
        ("@ci:\(WebCredentialsTests.tokenHash):apply=celery.run", "celery.*"), ("@ci:\(WebCredentialsTests.tokenHash):apply=a b", "names of tasks"),
        ("@ci:\(WebCredentialsTests.tokenHash):apply", "right"), ("ada:\(WebCredentialsTests.hash):apply=shop.*", "only a token"),
        ("ada", "NAME:HASH"), ("ada:secret", "crypt(3)"), ("ada:\(WebCredentialsTests.hash):root", "right"), (":\(WebCredentialsTests.hash)", "name"),
        ("a b:\(WebCredentialsTests.hash)", "name"), ("ada:\(WebCredentialsTests.hash):act:x", "NAME:HASH"), ("@ci:secret", "SHA-256"), ("@ci:\(String(repeating: "G", count: 64))", "SHA-256"),
    ])
    func `a line that is none is named by its number, and nothing of it is told`(line: String, about: String) throws {
        let found = try #require(mistake(in: "# first\n\(line)\n"))
        #expect(found.line == 2 && found.reason.contains(about))
        #expect(!found.reason.contains("secret") && !found.reason.contains(Self.hash))
    }

    @Test func `a name occurs once`() {
        #expect(mistake(in: "ada:\(Self.hash)\nada:\(Self.hash):act\n")?.line == 2)
    }

    @Test func `a file that others can read is not used`() throws {
        let folder = TemporaryFolder()
        let error = #expect(throws: WebError.self) {
            try WebCredentials(file: try folder.write("ada:\(Self.hash)\n", to: "open.auth", mode: 0o644))
        }
        #expect(error?.code == .file && error?.hint?.hasPrefix("chmod 600") == true)
        #expect(throws: WebError.self) { try WebCredentials(file: try folder.write("", to: "group.auth", mode: 0o660)) }
        #expect(throws: WebError.self) { try WebCredentials(file: folder.file("none.auth")) }
        #expect(throws: WebError.self) { try WebCredentials(file: folder.path) }
        let path = try folder.write("ada:\(Self.hash)\n", to: "own.auth", mode: 0o640)
        #expect(try WebCredentials(file: path).users.count == 1)
    }

    @Test func `random lines are read or refused`() {
        var random = SeededGenerator(seed: 7)
        let pieces = ["ada", "@", ":", "$6$", Self.hash, Self.tokenHash, "act", "read", "apply=", "shop.*", ",", "celery.", "\n", "\r", "#", " ", "\u{0}", "é"]
        for _ in 0..<fuzzRounds(5_000) {
            let text = (0..<Int.random(in: 0...10, using: &random)).map { _ in pieces.randomElement(using: &random)! }.joined()
            guard let credentials = try? WebCredentials(text: text) else { continue }
            #expect(credentials.users.values.allSatisfy { $0.hash.first == UInt8(ascii: "$") } && credentials.tokens.allSatisfy { $0.entry.hash.count == 32 })
            #expect(credentials.tokens.allSatisfy { token in !token.entry.submissions.contains { $0.matches("celery.run") } })
        }
    }
}
