import CeleryCore
import Fixtures
import Foundation
import Testing
import Wire

@Suite struct BodyCodecTests {
    private static let plain = #"[["ü", 1.0], {"k": NaN}, {"callbacks": null, "errbacks": null, "chain": null, "chord": null}]"#

    /// The body compressed by Python, as `zlib`, `gzip`, `bz2` or `lzma`.
    private func compressed(_ module: String, _ text: String = plain) throws -> [UInt8] {
        let script = "import sys, base64, \(module); print(base64.b64encode(\(module).compress(sys.stdin.buffer.read())).decode())"
        let line = try #require(try Python.lines(script, input: Array(text.utf8)).first)
        return [UInt8](try #require(Data(base64Encoded: line)))
    }

    @Test func `writes what it reads`() throws {
        // NaN is equal to nothing, so the bytes are compared.
        let body = MessageBody(bytes: Array(#"[["\u00fc", 1.0], {"k": NaN}, {"callbacks": null, "errbacks": null, "chain": null, "chord": null}]"#.utf8))
        #expect(try BodyCodec.encode(BodyCodec.decode(body)) == body)
    }

    @Test(arguments: [("zlib", "application/x-gzip"), ("gzip", "application/x-gzip"), ("gzip", "gzip"), ("bz2", "application/x-bz2"), ("lzma", "application/x-lzma")])
    func `reads compressed bodies`(module: String, name: String) throws {
        let body = MessageBody(bytes: try compressed(module), compression: name)
        #expect(try BodyCodec.decode(body).args == ["ü", 1.0])
    }

    @Test(arguments: [("zlib", "application/x-gzip"), ("bz2", "application/x-bz2"), ("lzma", "application/x-lzma")])
    func `stops at the limit`(module: String, name: String) throws {
        let bomb = MessageBody(bytes: try compressed(module, "[[" + String(repeating: "0,", count: 1_000_000) + "0],{},{}]"), compression: name)
        #expect(throws: BodyError.malformed(MalformedMessage(.tooLarge, "the body is larger than 1000 bytes once decompressed"))) {
            try BodyCodec.decode(bomb, limit: 1_000)
        }
        #expect(try BodyCodec.decode(bomb).args.count == 1_000_001)
        #expect(try BodyCodec.decode(bomb, limit: 2_000_011).args.count == 1_000_001)
        #expect(throws: BodyError.self) { try BodyCodec.decode(bomb, limit: 2_000_010) }
    }

    @Test(arguments: [("zlib", "application/x-gzip"), ("gzip", "gzip"), ("bz2", "application/x-bz2"), ("lzma", "application/x-lzma")])
    func `refuses damaged data, and neither crashes nor hangs`(module: String, name: String) throws {
        let good = try compressed(module)
        for end in 0..<good.count {
            #expect(throws: BodyError.self) { try BodyCodec.decode(MessageBody(bytes: Array(good[..<end]), compression: name)) }
        }
        var random = SeededGenerator(seed: 21)
        for _ in 0..<2_000 {
            var bad = good
            bad[Int.random(in: 0..<bad.count, using: &random)] ^= UInt8.random(in: 1...255, using: &random)
            // Some bytes, such as the time in a gzip header, mean nothing; but no damage changes the arguments.
            if let arguments = try? BodyCodec.decode(MessageBody(bytes: bad, compression: name)) {
                #expect(arguments.args == ["ü", 1.0])
            }
        }
    }

    @Test func `refuses other formats by name`() {
        #expect(throws: BodyError.malformed(MalformedMessage(.contentType, "content type 'text/plain' is not application/json"))) {
            try BodyCodec.decode(MessageBody(bytes: [], contentType: "text/plain"))
        }
        #expect(throws: BodyError.malformed(MalformedMessage(.contentType, "content type is pickle, which is never read; send json"))) {
            try BodyCodec.decode(MessageBody(bytes: [], contentType: "application/x-python-serialize", contentEncoding: "binary"))
        }
        #expect(throws: BodyError.malformed(MalformedMessage(.compression, "compression 'application/x-brotli' is not supported; gzip, bzip2 and lzma are"))) {
            try BodyCodec.decode(MessageBody(bytes: [], compression: "application/x-brotli"))
        }
        #expect(throws: BodyError.malformed(MalformedMessage(.bodyNotJSON, "the body is not json: unexpected end at byte 0"))) {
            try BodyCodec.decode(MessageBody(bytes: []))
        }
    }

    @Test func `reads signatures with what is missing, alone or in a list`() throws {
        let text = #"[[], {}, {"callbacks": {"task": "a"}, "errbacks": [{"task": "b", "args": null, "kwargs": null, "options": null}], "chord": {"task": "c", "immutable": true, "subtask_type": "chord"}}]"#
        let embed = try BodyCodec.decode(MessageBody(bytes: Array(text.utf8))).embed
        #expect(embed.callbacks == [Signature(task: "a")])
        #expect(embed.errbacks == [Signature(task: "b")])
        #expect(embed.chord == Signature(task: "c", subtaskType: "chord", isImmutable: true))
        #expect(embed.chain.isEmpty)
    }

    @Test func `protocol 1 says a chain as nested callbacks`() throws {
        let chain = ["c", "b"].map { Signature(task: $0, options: ["task_id": .string($0)]) }
        let arguments = TaskArguments(args: [1], embed: .init(callbacks: [Signature(task: "x")], chain: chain))
        let wire = try ProtocolOne.encode(Message(id: TaskID("i"), task: "a", body: BodyCodec.encode(arguments)))
        let callbacks = try #require(try JSON(parsing: wire.body)["callbacks"]?.arrayValue)
        #expect(callbacks.map { $0["task"] } == ["x", "b"])
        #expect(callbacks[1]["options"]?["link"]?.arrayValue?.map { $0["task"] } == ["c"])
        #expect(wire.headers.isEmpty)
    }
}
