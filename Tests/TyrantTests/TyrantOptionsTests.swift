import CeleryCore
import Testing

@testable import Tyrant

@Suite struct TyrantOptionsTests {
    private func options(_ text: String) throws -> TyrantOptions { try TyrantOptions(ServiceURL(text)) }

    @Test func `reads host and port`() throws {
        let plain = try options("tyrant://h")
        #expect(plain.host == "h" && plain.port == 1978 && plain.location == "tyrant://h")
        let whole = try options("tyrant://[::1]:1979/")
        #expect(whole.host == "::1" && whole.port == 1979)
    }

    @Test(arguments: [
        ("tyrant://", "it names no server; write tyrant://host:1978"), ("tyrant:///run/t", "it names no server; write tyrant://host:1978"),
        ("tyrant://u:hush@h", "Tokyo Tyrant has neither users nor passwords"),
        ("tyrant://h/results", "a server of Tokyo Tyrant has one database without a name; write tyrant://host:1978"),
        ("tyrant://h?timeout=3", "a URL of Tokyo Tyrant has no option 'timeout'"),
    ])
    func `refuses what a server does not have, without the password`(text: String, message: String) {
        let error = #expect(throws: TyrantError.self) { try options(text) }
        #expect(error?.code == .options && error?.message.hasSuffix(message) == true && error?.message.contains("hush") == false)
    }
}
