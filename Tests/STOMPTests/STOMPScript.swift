import CeleryCore
import Fixtures
import Synchronization

@testable import STOMP

/// A server for tests: it reads frames, and says what the test wants.
final class STOMPScript: Sendable {
    private struct State {
        var decoders: [Int: STOMPDecoder] = [:]
        var frames: [STOMPFrame] = []
        var beats = 0
        var connections = 0
    }

    private final class Shared: Sendable {
        let state = Mutex(State())
    }

    private let shared: Shared
    private let connections: ScriptedConnections

    /// All frames of all connections, without heart-beats.
    var frames: [STOMPFrame] { shared.state.withLock { $0.frames } }
    var connectionCount: Int { shared.state.withLock { $0.connections } }
    /// Pieces that were nothing but a heart-beat.
    var beats: Int { shared.state.withLock { $0.beats } }

    /// - Parameters:
    ///   - greeting: Answers CONNECT; `nil` says nothing.
    ///   - answer: What each later frame gets; `nil` closes the connection. Without it, receipts are confirmed.
    init(
        greeting: String? = "CONNECTED\nversion:1.2\nserver:ActiveMQ/5.17.2\nheart-beat:500,500\n\n\0",
        answer: @escaping @Sendable (STOMPFrame) -> [UInt8]? = STOMPScript.receipt
    ) throws {
        let shared = Shared()
        self.shared = shared
        connections = try ScriptedConnections { number, bytes in
            shared.state.withLock { state -> ScriptedConnections.Answer in
                if bytes == [0x0A] {
                    state.beats += 1
                    return .nothing
                }
                if state.decoders[number] == nil { state.connections += 1 }
                var decoder = state.decoders[number] ?? STOMPDecoder()
                bytes.withUnsafeBytes { decoder.feed($0) }
                var answers: [UInt8] = []
                while let frame = (try? decoder.next()) ?? nil {
                    state.frames.append(frame)
                    if frame.command == "CONNECT" {
                        answers += Array((greeting ?? "").utf8)
                    } else if let more = answer(frame) {
                        answers += more
                    } else {
                        return .end(answers)
                    }
                }
                state.decoders[number] = decoder
                return answers.isEmpty ? .nothing : .send(answers)
            }
        }
    }

    static let receipt: @Sendable (STOMPFrame) -> [UInt8]? = { frame in
        frame["receipt"].map { Array("RECEIPT\nreceipt-id:\($0)\n\n\0".utf8) } ?? []
    }

    func send(_ text: String) { connections.send(Array(text.utf8)) }
    func closeAll() { connections.closeAll() }

    func options(_ change: (inout STOMPOptions) -> Void = { _ in }) throws -> STOMPOptions {
        var options = try STOMPOptions(.init(scheme: "stomp", host: "127.0.0.1", port: connections.port))
        change(&options)
        return options
    }
}
