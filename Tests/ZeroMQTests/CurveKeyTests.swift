import Testing

@testable import ZeroMQ

@Suite struct CurveKeyTests {
    /// The example of rfc.zeromq.org/spec/32.
    @Test func `Z85 is ZeroMQ's`() {
        let bytes: [UInt8] = [0x86, 0x4F, 0xD2, 0x6F, 0xB5, 0x59, 0xF7, 0x5B]
        let text = "HelloWorld".utf8.map { CChar(bitPattern: $0) } + [0]
        #expect(Z85.text(bytes) == text && Z85.bytes(text) == bytes)
        #expect(Z85.bytes("Hello~orld".utf8.map { CChar(bitPattern: $0) } + [0]).isEmpty)
    }
}
