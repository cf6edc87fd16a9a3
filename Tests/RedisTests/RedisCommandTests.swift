import CeleryCore
import Fixtures
import Testing

@testable import Redis

@Suite struct RedisCommandTests {
    private func encoded(_ command: RedisCommand) -> String {
        var bytes: [UInt8] = []
        command.encode(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test func `a command is an array of strings`() {
        #expect(encoded(RedisCommand("SET", .text("schlüssel"), .bytes([0, 13, 10]), "EX", .number(-5))) ==
            "*5\r\n$3\r\nSET\r\n$10\r\nschlüssel\r\n$3\r\n\0\r\n\r\n$2\r\nEX\r\n$2\r\n-5\r\n")
        #expect(encoded(RedisCommand("PING")) == "*1\r\n$4\r\nPING\r\n")
        #expect(encoded(RedisCommand("SET").with("", .number(0))) == "*3\r\n$3\r\nSET\r\n$0\r\n\r\n$1\r\n0\r\n")
    }

    @Test func `no word can become another command`() throws {
        var decoder = RESPDecoder()
        var bytes: [UInt8] = []
        let word = "x\r\n$1\r\ny\r\n*1\r\n$8\r\nFLUSHALL\r\n"
        RedisCommand("GET", .text(word)).encode(to: &bytes)
        decoder.feed(bytes)
        #expect(try decoder.next() == .array([.bytes(Array("GET".utf8)), .bytes(Array(word.utf8))]))
        #expect(try decoder.next() == nil && !decoder.isWithinReply)
    }

    @Test func `a script is called by its hash, and by its source where that is not known`() {
        let script = RedisScript("return 1")
        #expect(script.hash == "e0e1f9fabfc9d4800c877a703b823ac0578ff8db")
        let call = RedisCommand(script, keys: ["a", "b"], [.number(3)])
        #expect(encoded(call) == "*6\r\n$7\r\nEVALSHA\r\n$40\r\n\(script.hash)\r\n$1\r\n2\r\n$1\r\na\r\n$1\r\nb\r\n$1\r\n3\r\n")
        #expect(encoded(call.withSource) == "*6\r\n$4\r\nEVAL\r\n$8\r\nreturn 1\r\n$1\r\n2\r\n$1\r\na\r\n$1\r\nb\r\n$1\r\n3\r\n")
        #expect(RedisCommand("GET", "a").withSource == RedisCommand("GET", "a"))
    }

    /// The examples of FIPS 180-4, and lengths around a block.
    @Test func `hashes as the standard does`() {
        #expect(SHA1.hexadecimal([]) == "da39a3ee5e6b4b0d3255bfef95601890afd80709")
        #expect(SHA1.hexadecimal(Array("abc".utf8)) == "a9993e364706816aba3e25717850c26c9cd0d89d")
        #expect(SHA1.hexadecimal(Array("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq".utf8)) == "84983e441c3bd26ebaae4aa1f95129e5e54670f1")
        #expect(SHA1.hexadecimal([UInt8](repeating: 97, count: 1_000_000)) == "34aa973cd4c4daa4f61eeb2bdbad27316534016f")
    }
}
