import Fixtures
import Testing

@testable import SQL

/// What a server may send, and what users may store, in any form.
@Suite struct SQLFuzzTests {
    @Test func `no bytes of a column stop the reader`() {
        var random = SeededGenerator(seed: 1)
        for _ in 0..<20_000 {
            let bytes = (0..<Int.random(in: 0...12, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
            for type in [16, 17, 20, 21, 23, 25, UInt32.random(in: 0...5_000, using: &random)] {
                let value = bytes.withUnsafeBytes { PostgreSQLRows.value($0, type: type) }
                if type == 17 { #expect(value == .blob(bytes)) }
                _ = (value.text, value.integer, value.bytes)
            }
        }
    }

    @Test func `whatever a value has in it, a statement of MySQL has only letters and digits of it`() {
        var random = SeededGenerator(seed: 2)
        for _ in 0..<2_000 {
            let bytes = (0..<Int.random(in: 0...40, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
            let text = String(decoding: bytes, as: UTF8.self)
            let statement = MariaDBStatement.bytes("SELECT ?, ?", [.blob(bytes), .text(text)])
            #expect(statement.count == "SELECT X'', _utf8mb4 X''".utf8.count + 2 * bytes.count + 2 * text.utf8.count)
            #expect(statement.count { $0 == UInt8(ascii: "'") } == 4)
        }
    }

    @Test func `no text of a version stops the reader`() {
        var random = SeededGenerator(seed: 3)
        let letters = Array("0123456789.-MariaDB ")
        for _ in 0..<5_000 {
            let text = String((0..<Int.random(in: 0...20, using: &random)).map { _ in letters.randomElement(using: &random)! })
            _ = MariaDBVersion.hasSequences(text)
            _ = MariaDBVersion.hasSequences(text + "MariaDB")
        }
    }
}
