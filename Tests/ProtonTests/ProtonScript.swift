import CeleryCore
import Fixtures
import Synchronization

@testable import Proton

/// A server for tests: it reads frames of AMQP 1.0, does what every server does, and what else the test wants.
final class ProtonScript: Sendable {
    /// A frame that came: its channel, its kind, its fields, and what follows them.
    struct Frame: Sendable {
        var connection: Int
        var channel: UInt16
        var kind: UInt64
        var fields: [ProtonValue]
        var payload: [UInt8]

        func field(_ index: Int) -> ProtonValue { index < fields.count ? fields[index] : .null }
    }

    static let (open, begin, attach, flow, transfer, disposition, detach, end, close) =
        (UInt64(0x10), UInt64(0x11), UInt64(0x12), UInt64(0x13), UInt64(0x14), UInt64(0x15), UInt64(0x16), UInt64(0x17), UInt64(0x18))

    /// How the server greets.
    struct Greeting: Sendable {
        var header: [UInt8] = Array("AMQP".utf8) + [3, 1, 0, 0]
        var mechanisms = ["ANONYMOUS", "PLAIN"]
        var outcome: UInt8 = 0
        /// What follows the login; `nil` says nothing.
        var opening: [ProtonValue.Pair]? = [.init(.symbol("product"), .string("ActiveMQ")), .init(.symbol("version"), .string("5.18.3"))]
    }

    private struct State {
        var buffers: [Int: [UInt8]] = [:]
        /// Whether the connection has logged in.
        var loggedIn: Set<Int> = []
        var frames: [Frame] = []
        var logins: [[ProtonValue]] = []
        var connections = 0
    }

    private final class Shared: Sendable {
        let state = Mutex(State())
    }

    private let shared = Shared()
    private let connections: ScriptedConnections

    var frames: [Frame] { shared.state.withLock { $0.frames } }
    /// The fields of each `sasl-init`.
    var logins: [[ProtonValue]] { shared.state.withLock { $0.logins } }
    var connectionCount: Int { shared.state.withLock { $0.connections } }

    func count(_ kind: UInt64) -> Int { frames.count { $0.kind == kind } }

    /// - Parameter answer: What a frame gets; `nil` closes the connection. Without it, links are accepted and messages, too.
    init(_ greeting: Greeting = Greeting(), answer: @escaping @Sendable (Frame) -> [UInt8]? = { ProtonScript.usual($0) }) throws {
        connections = try ScriptedConnections { [shared] number, bytes in
            shared.state.withLock { state -> ScriptedConnections.Answer in
                if state.buffers[number] == nil { state.connections += 1 }
                state.buffers[number, default: []] += bytes
                var answers: [UInt8] = []
                while true {
                    guard let part = Self.take(&state, number) else { return answers.isEmpty ? .nothing : .send(answers) }
                    switch part {
                    case .header(let isLogin):
                        if isLogin {
                            answers += greeting.header
                            let names = greeting.mechanisms.map(ProtonValue.symbol)
                            answers += Self.frame(type: 1, .described(.ulong(0x40), .list([names.count == 1 ? names[0] : .list(names)])))
                        } else {
                            answers += Array("AMQP".utf8) + [0, 1, 0, 0]
                            guard let opening = greeting.opening else { continue }
                            let fields: [ProtonValue] = [
                                .string("script"), .null, .uint(65_536), .null, .null, .null, .null, .null, .null, .map(opening),
                            ]
                            answers += Self.frame(.described(.ulong(Self.open), .list(fields)))
                        }
                    case .login(let fields):
                        state.logins.append(fields)
                        answers += Self.frame(type: 1, .described(.ulong(0x44), .list([.ubyte(greeting.outcome)])))
                        state.loggedIn.insert(number)
                    case .frame(let frame):
                        state.frames.append(frame)
                        guard let more = answer(frame) else { return .end(answers) }
                        answers += more
                    }
                }
            }
        }
    }

    private enum Part {
        case header(isLogin: Bool)
        case login([ProtonValue])
        case frame(Frame)
    }

    private static func take(_ state: inout State, _ number: Int) -> Part? {
        let buffer = state.buffers[number] ?? []
        if buffer.count >= 8, buffer.starts(with: Array("AMQP".utf8)) {
            state.buffers[number]?.removeFirst(8)
            return .header(isLogin: buffer[4] == 3)
        }
        guard buffer.count >= 8 else { return nil }
        let size = buffer.prefix(4).reduce(0) { $0 << 8 | Int($1) }
        guard buffer.count >= size, size >= Int(buffer[4]) * 4 else { return nil }
        state.buffers[number]?.removeFirst(size)
        var decoder = ProtonDecoder(buffer[(Int(buffer[4]) * 4)..<size])
        guard let value = try? decoder.next(), case .described(let kind, .list(let fields)) = value else {
            // A sign of life has no content.
            return .frame(Frame(connection: number, channel: 0, kind: 0, fields: [], payload: []))
        }
        if buffer[5] == 1 { return .login(fields) }
        let channel = UInt16(buffer[6]) << 8 | UInt16(buffer[7])
        return .frame(
            Frame(connection: number, channel: channel, kind: UInt64(kind.integer ?? 0), fields: fields, payload: Array(decoder.rest)))
    }

    static func frame(type: UInt8 = 0, channel: UInt16 = 0, _ value: ProtonValue?, payload: [UInt8] = []) -> [UInt8] {
        var body: [UInt8] = []
        if let value { ProtonEncoder.put(value, into: &body) }
        body += payload
        var bytes: [UInt8] = []
        ProtonEncoder.append(UInt32(body.count + 8), to: &bytes)
        bytes += [2, type]
        ProtonEncoder.append(channel, to: &bytes)
        return bytes + body
    }

    static func frame(_ kind: UInt64, channel: UInt16, _ fields: [ProtonValue], payload: [UInt8] = []) -> [UInt8] {
        frame(channel: channel, .described(.ulong(kind), .list(fields)), payload: payload)
    }

    /// What every server answers.
    static func usual(_ frame: Frame) -> [UInt8] {
        switch frame.kind {
        case begin:
            // The channel is a `ushort`, which messages have no use for: 0x60 and two bytes.
            var fields: [UInt8] = [0x60]
            ProtonEncoder.append(frame.channel, to: &fields)
            for value: ProtonValue in [.uint(0), .uint(1_000), .uint(1_000)] { ProtonEncoder.put(value, into: &fields) }
            return Self.frame(channel: frame.channel, nil, payload: [0, 0x53, UInt8(begin), 0xC0, UInt8(fields.count + 1), 4] + fields)
        case attach:
            let isReceiver = frame.field(2) == .bool(true)
            // Name, handle, the other role, settle modes, source, target; a sender says where it begins to count.
            var bytes = Self.frame(
                attach, channel: frame.channel,
                [frame.field(0), frame.field(1), .bool(!isReceiver), .null, .null, frame.field(5), frame.field(6), .null, .null, isReceiver ? .uint(0) : .null])
            if !isReceiver { bytes += credit(frame, 1_000) }
            return bytes
        case transfer: return fate(frame, .described(.ulong(0x24), .list([])))
        // Who ends a session does not wait for the answer, and who was told to must get none.
        case end: return []
        case close: return Self.frame(close, channel: 0, [])
        default: return []
        }
    }

    /// Credit for the link of a frame.
    static func credit(_ frame: Frame, _ count: UInt32) -> [UInt8] {
        Self.frame(flow, channel: frame.channel, [.uint(0), .uint(1_000), .uint(0), .uint(1_000), frame.field(1), .uint(0), .uint(count)])
    }

    /// The fate of a message; nothing for a part of one.
    static func fate(_ frame: Frame, _ state: ProtonValue) -> [UInt8] {
        guard frame.field(5) != .bool(true) else { return [] }
        return Self.frame(disposition, channel: frame.channel, [.bool(true), frame.field(1), frame.field(1), .bool(true), state])
    }

    /// A message for the receiver whose link has this channel.
    static func message(_ number: UInt32, channel: UInt16, _ bytes: [UInt8], isSettled: Bool = false) -> [UInt8] {
        Self.frame(transfer, channel: channel, [.uint(0), .uint(number), .binary([UInt8(number)]), .uint(0), .bool(isSettled), .bool(false)], payload: bytes)
    }

    func send(_ bytes: [UInt8]) { connections.send(bytes) }
    func closeAll() { connections.closeAll() }

    func options(_ change: (inout ProtonOptions) -> Void = { _ in }) throws -> ProtonOptions {
        var options = try ProtonOptions(.init(scheme: "amqp10", host: "127.0.0.1", port: connections.port))
        change(&options)
        return options
    }
}
