import Fixtures
import Testing

@testable import CeleryCore

@Suite struct Base64Tests {
    /// The test vectors of RFC 4648, section 10.
    @Test(arguments: [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy")])
    func `encodes and decodes the vectors of RFC 4648`(_ plain: String, _ encoded: String) {
        #expect(Base64.encode(plain.utf8) == encoded)
        #expect(Base64.decode(encoded) == Array(plain.utf8))
    }

    @Test(arguments: ["Z", "Zg", "Zg=", "Zg===", "=Zg=", "Z=g=", "Zg==Zg==", "Zm 9", "Zm9v\n", "Zm9-", "ä===", "===="])
    func `refuses what is not base64 from end to end`(_ text: String) {
        #expect(Base64.decode(text) == nil)
    }

    @Test(arguments: 0..<20) func `gives back any bytes`(_ seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for count in 0..<70 {
            let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
            let text = Base64.encode(bytes)
            #expect(Base64.decode(text) == bytes)
            // Text cut anywhere is text of fewer bytes or none at all.
            let cut = String(text.prefix(Int.random(in: 0...text.count, using: &generator)))
            if let fewer = Base64.decode(cut) { #expect(bytes.starts(with: fewer)) }
        }
    }
}
