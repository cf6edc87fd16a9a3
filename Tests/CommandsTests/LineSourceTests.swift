import Foundation
import Glibc
import Testing

@testable import Commands

@Suite struct LineSourceTests {
    /// The lines of a file with this text, in the first pass and in the second.
    private func lines(_ text: String, passes: Int = 1) throws -> [[String]] {
        let file = FileManager.default.temporaryDirectory.appending(path: "lines-\(UUID().uuidString)")
        try text.write(to: file, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: file) }
        return try lines(of: LineSource(file: file.path, isReadTwice: passes > 1), passes)
    }

    private func lines(of source: LineSource, _ passes: Int) throws -> [[String]] {
        try (0..<passes).map { pass in
            if pass > 0 { try source.rewind() }
            var lines: [String] = []
            while let line = try source.next() { lines.append(String(decoding: line, as: UTF8.self)) }
            // The end stays the end.
            #expect(try source.next() == nil)
            return lines
        }
    }

    @Test func `gives lines without their newlines`() throws {
        #expect(try lines("") == [[]])
        #expect(try lines("\n") == [[""]])
        #expect(try lines("a\nb\n") == [["a", "b"]])
        #expect(try lines("a\n\nb") == [["a", "", "b"]])
        #expect(try lines("a\r\nb\r\n") == [["a\r", "b\r"]])
    }

    @Test func `reads lines longer than a piece, and pieces that end anywhere`() throws {
        let long = String(repeating: "x", count: 200_000)
        let text = (0..<30_000).map { "\($0)" }
        #expect(try lines("a\n\(long)\n\(long)y") == [["a", long, long + "y"]])
        #expect(try lines(text.joined(separator: "\n"), passes: 2) == [text, text])
    }

    @Test func `reads a named pipe twice`() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "pipe-\(UUID().uuidString)").path
        try #require(mkfifo(path, 0o600) == 0)
        defer { unlink(path) }
        let text = (0..<50_000).map { "line \($0)" }
        let writer = Thread {
            let descriptor = open(path, O_WRONLY | O_CLOEXEC)
            _ = text.joined(separator: "\n").withCString { write(descriptor, $0, strlen($0)) == strlen($0) }
            close(descriptor)
        }
        writer.start()
        #expect(try lines(of: LineSource(file: path, isReadTwice: true), 2) == [text, text])
    }

    @Test func `says what cannot be read`() throws {
        func refusal(_ path: String) -> CommandError? {
            do {
                _ = try LineSource(file: path).next()
                return nil
            } catch {
                return Report.describe(error)
            }
        }
        #expect(refusal("/no/such")?.message == "cannot read /no/such: no such file or directory")
        #expect(refusal("/no/such")?.status == 65)
        #expect(refusal("/")?.status == 65)
    }
}
