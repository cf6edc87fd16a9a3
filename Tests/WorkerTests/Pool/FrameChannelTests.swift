import CeleryCore
import Fixtures
import Processes
import Synchronization
import Testing
import Wire
@testable import Worker

/// The worker's end of the socket, and the child's.
@Suite(.timeLimit(.minutes(2))) struct FrameChannelTests {
    private let sockets: SocketPair

    init() throws { sockets = try SocketPair() }

    private func write(_ bytes: [UInt8]) throws { try bytes.withUnsafeBytes { try sockets.far.write($0) } }

    private func log(_ text: String) -> Frame { .log(LogLine(taskID: "", taskName: "", level: "", text: text)) }

    private func texts(_ frames: [Frame]) -> [String] {
        frames.compactMap { if case .log(let line) = $0 { line.text } else { nil } }
    }

    @Test func `puts frames together however they are cut`() throws {
        var channel = try FrameChannel(sockets.near)
        let bytes = ["one", "", "three"].flatMap { log($0).encoded() }
        for size in [1, 2, 3, 5, 7, bytes.count] {
            var frames: [Frame] = []
            var rest = bytes[...]
            while !rest.isEmpty {
                try write(Array(rest.prefix(size)))
                rest = rest.dropFirst(size)
                let isOpen = channel.receive { frames.append($0) }
                #expect(isOpen)
            }
            #expect(texts(frames) == ["one", "", "three"])
        }
    }

    @Test func `hands over what came before the end`() throws {
        var channel = try FrameChannel(sockets.near)
        try write(log("last").encoded() + log("cut").encoded().dropLast())
        sockets.far.close()
        var frames: [Frame] = []
        while channel.receive({ frames.append($0) }) {}
        #expect(texts(frames) == ["last"])
    }

    @Test func `sends as much as there is room for, and the rest later`() throws {
        var channel = try FrameChannel(sockets.near)
        let child = FrameSocket(sockets.far)
        let texts = [String(repeating: "x", count: 3 << 20), "short", String(repeating: "y", count: 1 << 20)]
        for text in texts { channel.enqueue(log(text).encoded()) }
        var isThere = channel.flush()
        #expect(isThere && channel.wantsToWrite)
        let received = Received()
        WorkThread.start {
            child.readAll { received.append($0) }
            received.end()
        }
        while isThere && channel.wantsToWrite { isThere = channel.flush() }
        #expect(isThere)
        sockets.near.close()
        received.waitForEnd()
        let isSame = self.texts(received.frames) == texts
        #expect(isSame)
    }

    @Test func `knows that the other side is gone`() throws {
        var channel = try FrameChannel(sockets.near)
        sockets.far.close()
        channel.enqueue(log("nobody hears").encoded())
        let (isSent, isOpen) = (channel.flush(), channel.receive { _ in })
        #expect(!isSent && !isOpen)
    }

    @Test(arguments: [
        [0xFF, 0xFF, 0xFF, 0xFF, 1], [1, 0, 0, 0, 99], [0, 0, 0, 0], [9, 0, 0, 0, 66, 255, 255, 255, 255, 255, 255, 255, 255],
    ] as [[UInt8]])
    func `ends at what is no frame`(_ bytes: [UInt8]) throws {
        var channel = try FrameChannel(sockets.near)
        try write(log("good").encoded() + bytes + log("never").encoded())
        var frames: [Frame] = []
        let isOpen = channel.receive { frames.append($0) }
        #expect(!isOpen)
        #expect(texts(frames) == ["good"])
    }

    @Test(arguments: [
        [0xFF, 0xFF, 0xFF, 0xFF, 1], [1, 0, 0, 0, 99], [0, 0, 0, 0],
    ] as [[UInt8]])
    func `a child ends at what is no frame`(_ bytes: [UInt8]) throws {
        try write(log("good").encoded() + bytes + log("never").encoded())
        let received = Received()
        FrameSocket(sockets.near).readAll { received.append($0) }
        #expect(texts(received.frames) == ["good"])
    }

    @Test func `survives whatever is sent`() throws {
        var random = SeededGenerator(seed: 72)
        for _ in 0..<300 {
            let pair = try SocketPair()
            var channel = try FrameChannel(pair.near)
            var bytes = FrameTests.all.shuffled(using: &random).flatMap { $0.encoded() }
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                // Mostly in kinds, counts and small values; a length of gigabytes would only wait for more.
                let place = Int.random(in: 0..<bytes.count, using: &random)
                bytes[place] = UInt8.random(in: 0...255, using: &random)
            }
            try bytes.withUnsafeBytes { try pair.far.write($0) }
            pair.far.close()
            var count = 0
            while channel.receive({ _ in count += 1 }) {}
            #expect(count <= FrameTests.all.count + 3)
        }
    }

    @Test func `several threads of a child write whole frames`() async throws {
        var channel = try FrameChannel(sockets.near)
        let child = FrameSocket(sockets.far)
        for number in 0..<4 {
            WorkThread.start {
                for _ in 0..<50 { child.send(.log(LogLine(taskID: "", taskName: "", level: "", text: String(repeating: "\(number)", count: 5_000)))) }
            }
        }
        var frames: [Frame] = []
        while frames.count < 200 {
            #expect(try sockets.near.waitReadable(timeout: .seconds(30)))
            guard channel.receive({ frames.append($0) }) else { break }
        }
        #expect(frames.count == 200)
        #expect(texts(frames).allSatisfy { $0.count == 5_000 && Set($0).count == 1 })
    }

    /// Frames that a thread reads.
    private final class Received: Sendable {
        private let state = Mutex<[Frame]>([])
        private let pipe = try! Pipe()

        var frames: [Frame] { state.withLock { $0 } }
        func append(_ frame: Frame) { state.withLock { $0.append(frame) } }
        func end() { pipe.writeEnd.close() }
        func waitForEnd() { _ = try? pipe.readEnd.waitReadable(timeout: .seconds(30)) }
    }
}
