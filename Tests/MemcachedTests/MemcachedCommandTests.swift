import Testing

@testable import Memcached

@Suite struct MemcachedCommandTests {
    private func text(_ command: MemcachedCommand) -> String {
        var bytes: [UInt8] = []
        command.encode(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test func `writes commands as the protocol has them`() {
        #expect(text(.get(["a", "b"])) == "gets a b\r\n")
        #expect(text(.set("a", Array("x\r\ny".utf8), expires: 60)) == "set a 0 60 4\r\nx\r\ny\r\n")
        #expect(text(.add("a", [], expires: 0)) == "add a 0 0 0\r\n\r\n")
        #expect(text(.replace("a", [0x78], expires: 0, version: 7)) == "cas a 0 0 1 7\r\nx\r\n")
        #expect(text(.delete("a")) == "delete a\r\n" && text(.increment("a")) == "incr a 1\r\n")
        #expect(text(.touch("a", expires: 5)) == "touch a 5\r\n" && text(.version) == "version\r\n")
    }

    @Test func `a time of more than thirty days is a date`() {
        func expiry(_ seconds: Double?) -> Int { MemcachedCommand.expiry(seconds, now: 1_800_000_000) }
        #expect(expiry(nil) == 0 && expiry(.infinity) == 0 && expiry(0) == 0)
        #expect(expiry(0.2) == 1 && expiry(86_400) == 86_400 && expiry(2_592_000) == 2_592_000)
        #expect(expiry(2_592_001) == 1_802_592_001)
        #expect(expiry(1e12) == 4_294_967_295)
    }

    @Test func `only what a server takes as one word is a key`() {
        #expect(MemcachedKey.fault(in: String(repeating: "k", count: 250)) == nil && MemcachedKey.fault(in: "ü☃/:*") == nil)
        #expect(MemcachedKey.fault(in: String(repeating: "k", count: 251)) == "is longer than the 250 bytes that Memcached allows")
        #expect(MemcachedKey.fault(in: String(repeating: "ü", count: 126)) != nil)
        for key in ["a b", "a\r\nset b 0 0 1", "a\n", "a\u{0}", "\t", "a\u{7F}"] {
            #expect(MemcachedKey.fault(in: key) == "has a space or control character in it", "\(key.debugDescription)")
        }
        #expect(MemcachedKey.fault(in: "") == "is empty")
    }
}
