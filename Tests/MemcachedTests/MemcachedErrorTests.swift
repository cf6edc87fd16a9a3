import CeleryCore
import Testing

@testable import Memcached

@Suite struct MemcachedErrorTests {
    private static let place = "memcached://h:11211/"

    @Test(arguments: [
        ("SERVER_ERROR object too large for cache", .refused), ("SERVER_ERROR out of memory storing object", .tryAgain),
        ("CLIENT_ERROR unauthenticated", .configuration), ("CLIENT_ERROR bad data chunk", .refused), ("ERROR", .refused),
    ] as [(String, DriverError.Code)])
    func `a refusal of a server becomes an error with its cause`(reply: String, code: DriverError.Code) {
        let error = DriverError(MemcachedError(reply: reply, to: "set"), at: Self.place)
        #expect(error.code == code && error.message.contains(Self.place))
        #expect(error.isAboutRequest == (code == .refused))
    }

    @Test func `shows what happened, where, and what to do`() {
        let full = DriverError(MemcachedError(reply: "SERVER_ERROR out of memory storing object", to: "add"), at: Self.place)
        #expect(full.message == "memcached://h:11211/: the server refuses add: SERVER_ERROR out of memory storing object")
        #expect(full.hint == "give memcached more memory (-m), or start it without -M so that it drops what is oldest")
    }

    @Test func `text of a server cannot command a terminal`() {
        let error = MemcachedError(reply: "SERVER_ERROR \u{1B}[2J" + String(repeating: "x", count: 5_000), to: "get")
        #expect(!error.message.contains("\u{1B}") && error.message.utf8.count < 1_000)
    }
}
