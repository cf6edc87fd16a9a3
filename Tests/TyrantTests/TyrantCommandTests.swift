import Testing

@testable import Tyrant

/// Bytes as Tokyo Tyrant's specification has them.
@Suite struct TyrantCommandTests {
    private func bytes(_ command: TyrantCommand) -> [UInt8] {
        var output: [UInt8] = []
        command.encode(to: &output)
        return output
    }

    @Test func `every command has its number, its sizes and its texts`() {
        let key: [UInt8] = [0x6B, 0x65, 0x79]
        #expect(bytes(.put("key", [7, 8])) == [0xC8, 0x10, 0, 0, 0, 3, 0, 0, 0, 2] + key + [7, 8])
        #expect(bytes(.putKeep("key", [])) == [0xC8, 0x11, 0, 0, 0, 3, 0, 0, 0, 0] + key)
        #expect(bytes(.out("key")) == [0xC8, 0x20, 0, 0, 0, 3] + key)
        #expect(bytes(.values(["key", "k"])) == [0xC8, 0x31, 0, 0, 0, 2, 0, 0, 0, 3] + key + [0, 0, 0, 1, 0x6B])
        #expect(bytes(.size("key")) == [0xC8, 0x38, 0, 0, 0, 3] + key)
        #expect(bytes(.keys(startingWith: "key", limit: 258)) == [0xC8, 0x58, 0, 0, 0, 3, 0, 0, 1, 2] + key)
        #expect(bytes(.keys(startingWith: "", limit: nil)) == [0xC8, 0x58, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF])
        #expect(bytes(.status) == [0xC8, 0x88])
    }

    @Test func `sizes are those of bytes, the most significant first`() {
        #expect(Array(bytes(.put("ü", [UInt8](repeating: 1, count: 0x01_0203))).prefix(10)) == [0xC8, 0x10, 0, 0, 0, 2, 0, 1, 2, 3])
    }

    @Test(arguments: ["", "a\r\nb", "a\u{0}", "\u{7F}", "\t", String(repeating: "x", count: 4_097)])
    func `what cannot be a key has a fault`(key: String) { #expect(TyrantKey.fault(in: key) != nil) }

    @Test(arguments: ["a", "a b", "ü☃𝔘", "'; DROP", String(repeating: "x", count: 4_096)])
    func `any other text can be a key`(key: String) { #expect(TyrantKey.fault(in: key) == nil) }
}
