import CeleryCore
import Streams

/// The login that precedes AMQP on a connection: SASL, as part 5.3 of the specification frames it.
///
/// Knows no socket: takes the server's bytes and gives the client's. The mechanisms are PLAIN with a user, EXTERNAL with a certificate
/// of the client, and ANONYMOUS. Bytes after the login are AMQP's.
struct ProtonLogin {
    private static let saslHeader: [UInt8] = Array("AMQP".utf8) + [3, 1, 0, 0]
    /// Bytes: longer frames of a login are none.
    private static let longestFrame = 16 << 10

    private enum Step {
        case header, mechanisms, outcome, done
    }

    private let options: ProtonOptions
    private var step = Step.header
    private var buffer: [UInt8] = []
    /// What is to be sent.
    private var output = Self.saslHeader

    init(_ options: ProtonOptions) { self.options = options }

    var isDone: Bool { step == .done }

    mutating func takeOutput() -> [UInt8] {
        defer { output = [] }
        return output
    }

    /// What came after the login.
    mutating func takeRest() -> [UInt8] {
        defer { buffer = [] }
        return buffer
    }

    /// Takes in bytes of the server.
    ///
    /// - Throws: `denied` when the server refuses the login; `malformed`.
    mutating func give(_ bytes: UnsafeRawBufferPointer) throws(ProtonError) {
        buffer.append(contentsOf: bytes)
        while step != .done, try takeStep() {}
    }

    /// - Returns: Whether there was enough for a step.
    private mutating func takeStep() throws(ProtonError) -> Bool {
        if step == .header {
            let expected = Self.saslHeader.prefix(buffer.count)
            guard buffer.prefix(8).elementsEqual(expected) else {
                let isOld = buffer.starts(with: Array("AMQP".utf8))
                throw ProtonError(.malformed, isOld ? "it speaks another version of AMQP, and 1.0 is needed" : "it does not speak AMQP")
            }
            guard buffer.count >= 8 else { return false }
            buffer.removeFirst(8)
            step = .mechanisms
            return true
        }
        guard buffer.count >= 8 else { return false }
        let size = buffer.prefix(4).reduce(0) { $0 << 8 | Int($1) }
        let start = Int(buffer[4]) * 4
        guard size >= 8, size <= Self.longestFrame, start >= 8, start <= size, buffer[5] == 1 else {
            throw ProtonError(.malformed, "its login is not AMQP's")
        }
        guard buffer.count >= size else { return false }
        var decoder = ProtonDecoder(buffer[start..<size])
        let value: ProtonValue
        do throws(ProtonDecoder.Fault) { value = try decoder.next() } catch { throw ProtonError(.malformed, "its login is not AMQP's: \(error)") }
        buffer.removeFirst(size)
        guard case .described(let descriptor, .list(let fields)) = value else { throw ProtonError(.malformed, "its login is not AMQP's") }
        switch (step, descriptor.integer) {
        case (.mechanisms, 0x40): try choose(among: fields.first.map(Self.names) ?? [])
        case (.outcome, 0x44): try end(fields.first?.integer)
        default: throw ProtonError(.malformed, "its login asks what no client was told")
        }
        return true
    }

    private static func names(_ value: ProtonValue) -> [String] { value.list?.compactMap(\.text) ?? value.text.map { [$0] } ?? [] }

    private mutating func choose(among offered: [String]) throws(ProtonError) {
        let (mechanism, response): (String, [UInt8])
        if let user = options.user {
            (mechanism, response) = ("PLAIN", [0] + Array(user.utf8) + [0] + Array((options.password ?? "").utf8))
        } else if options.tls?.certificate != nil, offered.contains("EXTERNAL") {
            (mechanism, response) = ("EXTERNAL", [])
        } else {
            (mechanism, response) = ("ANONYMOUS", Array("celery".utf8))
        }
        guard offered.contains(mechanism) else {
            let shown = offered.joined(separator: ", ").inOneLine(limit: 120)
            throw ProtonError(
                .denied, options.user == nil ? "it wants a user and a password" : "it takes no user and password: it offers \(shown.isEmpty ? "nothing" : shown)")
        }
        var body: [UInt8] = []
        ProtonEncoder.put(
            .described(.ulong(0x41), .list([.symbol(mechanism), .binary(response), .string(options.hostname)])), into: &body)
        ProtonEncoder.append(UInt32(body.count + 8), to: &output)
        output += [2, 1, 0, 0] + body
        step = .outcome
    }

    private mutating func end(_ code: Int64?) throws(ProtonError) {
        switch code {
        case 0: step = .done
        case 1: throw ProtonError(.denied, "it refuses the login of \(options.user.map { "user '\($0.forLog)'" } ?? "a client without a user")")
        default: throw ProtonError(.lost, "the login failed at the server")
        }
    }
}
