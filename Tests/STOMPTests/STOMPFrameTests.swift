import CeleryCore
import Fixtures
import Testing

@testable import STOMP

@Suite struct STOMPFrameTests {
    private func bytes(_ frame: STOMPFrame) throws -> [UInt8] {
        var bytes: [UInt8] = []
        try frame.encode(to: &bytes)
        return bytes
    }

    private func decode(_ bytes: [UInt8], limits: STOMPDecoder.Limits = .init()) throws -> [STOMPFrame] {
        var decoder = STOMPDecoder(limits: limits)
        bytes.withUnsafeBytes { decoder.feed($0) }
        var frames: [STOMPFrame] = []
        while let frame = try decoder.next() { frames.append(frame) }
        return frames
    }

    @Test func `a frame is written as the protocol says`() throws {
        let frame = STOMPFrame("SEND", [.init("destination", "/queue/a"), .init("x:y", "a\nb\\c:d")], body: [0, 10, 255])
        #expect(try bytes(frame) == Array("SEND\ndestination:/queue/a\nx\\cy:a\\nb\\\\c\\cd\ncontent-length:3\n\n".utf8) + [0, 10, 255, 0])
        #expect(try bytes(STOMPFrame("ACK", [.init("id", "7")])) == Array("ACK\nid:7\n\n\0".utf8))
    }

    @Test func `a login has its colons as they are`() throws {
        #expect(try bytes(STOMPFrame("CONNECT", [.init("passcode", "a:b")])) == Array("CONNECT\npasscode:a:b\n\n\0".utf8))
        #expect(throws: STOMPError.self) { try bytes(STOMPFrame("CONNECT", [.init("passcode", "a\nadmin:true")])) }
    }

    @Test(arguments: ["a\rb", "a\0b", "\r\n"]) func `carriage returns and NUL are refused in headers`(text: String) {
        #expect(throws: STOMPError.self) { try bytes(STOMPFrame("SEND", [.init("a", text)])) }
        #expect(throws: STOMPError.self) { try bytes(STOMPFrame("SEND", [.init(text, "a")])) }
    }

    @Test func `frames are read with heart-beats between them, and lines of either kind`() throws {
        let text = "\n\r\n\nCONNECTED\r\nversion:1.2\r\nserver:a\\nb\r\n\r\n\0\n\nMESSAGE\nack:1\nack:2\ncontent-length:2\n\n\0\n\0\nRECEIPT\nreceipt-id:x\\cy\\\\\\r\n\n\0"
        let frames = try decode(Array(text.utf8))
        #expect(frames.map(\.command) == ["CONNECTED", "MESSAGE", "RECEIPT"])
        // A greeting has no escapes.
        #expect(frames[0]["server"] == "a\\nb")
        #expect(frames[1]["ack"] == "1" && frames[1].body == [0, 10])
        #expect(frames[2]["receipt-id"] == "x:y\\\r")
    }

    @Test func `a body without a length goes up to NUL`() throws {
        let frames = try decode(Array("ERROR\nmessage:no\n\nwhy\nnot\0\nRECEIPT\n\n\0".utf8))
        #expect(frames.count == 2 && frames[0].body == Array("why\nnot".utf8))
    }

    @Test func `a frame that comes byte by byte is read once it is whole`() throws {
        let frame = STOMPFrame("SEND", [.init("a", "b:\n")], body: [1, 0, 2])
        var decoder = STOMPDecoder()
        let all = try bytes(frame)
        for byte in all.dropLast() {
            [byte].withUnsafeBytes { decoder.feed($0) }
            #expect(try decoder.next() == nil)
        }
        [all.last!].withUnsafeBytes { decoder.feed($0) }
        let read = try #require(try decoder.next())
        #expect(read.body == frame.body && read["a"] == "b:\n")
    }

    @Test(arguments: [
        "MESSAGE\nno colon\n\n\0", "MESSAGE\ncontent-length:x\n\n\0", "MESSAGE\ncontent-length:-1\n\n\0", "MESSAGE\ncontent-length:1\n\nab\0",
        "MESSAGE\ncontent-length:99999999999999999999\n\n\0",
    ])
    func `what is no frame is an error`(text: String) {
        #expect(throws: STOMPDecoder.Fault.self) { try decode(Array(text.utf8)) }
    }

    @Test func `no more is kept than the limits say`() {
        var limits = STOMPDecoder.Limits()
        (limits.line, limits.headers, limits.body) = (20, 2, 10)
        #expect(throws: STOMPDecoder.Fault.self) { try decode(Array(repeating: 0x41, count: 30), limits: limits) }
        #expect(throws: STOMPDecoder.Fault.self) { try decode(Array("M\na:1\nb:1\nc:1\n\n\0".utf8), limits: limits) }
        #expect(throws: STOMPDecoder.Fault.self) { try decode(Array("M\ncontent-length:11\n\n".utf8), limits: limits) }
        #expect(throws: STOMPDecoder.Fault.self) { try decode(Array("M\n\n12345678901234".utf8), limits: limits) }
        #expect(throws: Never.self) { try decode(Array("M\na:1\nb:1\n\n1234567890\0".utf8), limits: limits) }
    }

    @Test func `whatever is sent is read, and whatever comes is read or an error, however it is cut`() throws {
        var generator = SeededGenerator(seed: 61_613)
        let letters = Array("abc:\\\n\r\0ü".unicodeScalars)
        func text(_ isHeader: Bool) -> String {
            var text = ""
            for _ in 0..<Int.random(in: 0...12, using: &generator) {
                let scalar = letters.randomElement(using: &generator)!
                if isHeader, scalar == "\0" || scalar == "\r" { continue }
                text.unicodeScalars.append(scalar)
            }
            return text
        }
        for _ in 0..<fuzzRounds(300) {
            var frames: [STOMPFrame] = []
            var all: [UInt8] = []
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let headers = (0..<Int.random(in: 0...4, using: &generator)).map { STOMPFrame.Header("h\($0)" + text(true), text(true)) }
                let frame = STOMPFrame("SEND", headers, body: Array(text(false).utf8))
                try frame.encode(to: &all)
                frames.append(frame)
            }
            var decoder = STOMPDecoder()
            var read: [STOMPFrame] = []
            var rest = all[...]
            while !rest.isEmpty {
                let piece = Array(rest.prefix(Int.random(in: 1...40, using: &generator)))
                rest = rest.dropFirst(piece.count)
                piece.withUnsafeBytes { decoder.feed($0) }
                while let frame = try decoder.next() { read.append(frame) }
            }
            #expect(read.map(\.body) == frames.map(\.body))
            #expect(read.map { $0.headers.dropLast().map(\.value) } == frames.map { $0.headers.map(\.value) })
            // Damaged anywhere, it is frames or an error, and never more than there is.
            for _ in 0..<4 {
                var damaged = all
                damaged[Int.random(in: damaged.indices, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
                if let some = try? decode(damaged) { #expect(some.reduce(0) { $0 + $1.body.count } <= all.count) }
            }
        }
    }
}
