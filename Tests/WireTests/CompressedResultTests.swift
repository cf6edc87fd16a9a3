import CeleryCore
import Fixtures
import Testing
import Wire

@Suite struct CompressedResultTests {
    private func value(_ compression: String, _ bytes: [UInt8]) -> [UInt8] {
        [0] + Array("celery-compressed".utf8) + [0] + Array(compression.utf8) + [0] + bytes
    }

    /// `zlib.compress(b'{"status": "SUCCESS"}')` of Python.
    private func zlib(_ text: String) throws -> [UInt8] {
        let digits = try Array(Python.lines("import zlib\nprint(zlib.compress(b'\(text)').hex())").joined().utf8)
        return stride(from: 0, to: digits.count, by: 2).compactMap { UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16) }
    }

    @Test func `a value that is not compressed is the document`() throws {
        for text in ["", "{}", "\0", "\0celery", "celery-compressed"] {
            #expect(try CompressedResult.document(in: Array(text.utf8)) == Array(text.utf8))
        }
    }

    @Test func `a compressed value holds the document`() throws {
        let document = #"{"status": "SUCCESS"}"#
        let found = try CompressedResult.document(in: value("application/x-gzip", zlib(document)))
        #expect(String(decoding: found, as: UTF8.self) == document)
    }

    @Test func `refuses what is damaged, unknown or too large`() throws {
        for (bytes, reason) in [
            (value("application/x-gzip", [1, 2, 3]), MalformedMessage.Reason.damagedCompression), (value("application/zstd", [1]), .compression),
            ([0] + Array("celery-compressed".utf8) + [0], .damagedCompression),
        ] {
            let error = #expect(throws: MalformedMessage.self) { try CompressedResult.document(in: bytes) }
            #expect(error?.reason == reason)
        }
        let large = try value("application/x-gzip", zlib(String(repeating: " ", count: 10_000)))
        #expect(try CompressedResult.document(in: large, limit: 10_000).count == 10_000)
        let error = #expect(throws: MalformedMessage.self) { try CompressedResult.document(in: large, limit: 9_999) }
        #expect(error?.reason == .tooLarge)
    }

    @Test func `survives damaged values`() throws {
        var random = SeededGenerator(seed: 63)
        let whole = try value("application/x-gzip", zlib(String(repeating: #"{"status": 5}"#, count: 50)))
        var outcomes = (read: 0, refused: 0)
        for _ in 0..<fuzzRounds(3_000) {
            var bytes = whole
            for _ in 0..<Int.random(in: 1...3, using: &random) { bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random) }
            do {
                _ = try CompressedResult.document(in: bytes, limit: 1 << 16)
                outcomes.read += 1
            } catch {
                outcomes.refused += 1
            }
        }
        #expect(outcomes.read > 50 && outcomes.refused > 50, "\(outcomes)")
    }
}
