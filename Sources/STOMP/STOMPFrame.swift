// STOMP 1.2 as a client; no library but libssl, and that only for stomp+ssl://.
//
//     STOMPLink           one connection for all callers, made when it is needed or kept for a listener
//       ConversationLoop  the thread that owns it, and reconnects (Streams)
//         STOMPConversation   requests and their receipts
//           STOMPConnection   a connection that is logged in: heart-beats, and a SecureSocket (Streams)
//             STOMPDecoder    bytes of the server -> STOMPFrame

import CeleryCore

/// A command, or what a server says.
package struct STOMPFrame: Sendable, Equatable {
    package struct Header: Sendable, Equatable {
        package var name: String
        package var value: String

        package init(_ name: String, _ value: String) { (self.name, self.value) = (name, value) }
    }

    package var command: String
    package var headers: [Header]
    package var body: [UInt8]
    /// Whether the sender waits until the server has carried it out. The link chooses the name of the receipt.
    package var wantsReceipt = false

    package init(_ command: String, _ headers: [Header] = [], body: [UInt8] = [], wantsReceipt: Bool = false) {
        self.command = command
        self.headers = headers
        self.body = body
        self.wantsReceipt = wantsReceipt
    }

    /// The value of a header; of several with one name the first counts.
    package subscript(name: String) -> String? { headers.first { $0.name == name }?.value }

    /// The frame with more headers.
    package func adding(_ more: [Header]) -> STOMPFrame {
        var frame = self
        frame.headers += more
        return frame
    }

    /// Writes the frame as it is sent.
    ///
    /// - Throws: `refused` for a header that has a carriage return or NUL in it: servers read these in different ways, and none of
    ///   ours needs them. A line break is escaped, but for the login, where nothing may be.
    package func encode(to bytes: inout [UInt8]) throws(STOMPError) {
        bytes += command.utf8
        bytes.append(Self.lineFeed)
        let isLogin = command == "CONNECT"
        for header in headers {
            try Self.write(header.name, isLogin: isLogin, to: &bytes)
            bytes.append(Self.colon)
            // A password may have a colon, which the login has as it is.
            try Self.write(header.value, isLogin: isLogin, to: &bytes)
            bytes.append(Self.lineFeed)
        }
        // So that the body may hold NUL, and is a message of bytes to ActiveMQ.
        if command == "SEND" { bytes += "content-length:\(body.count)\n".utf8 }
        bytes.append(Self.lineFeed)
        bytes += body
        bytes.append(0)
    }

    private static func write(_ text: String, isLogin: Bool, to bytes: inout [UInt8]) throws(STOMPError) {
        for byte in text.utf8 {
            switch byte {
            case 0, 0x0D: throw STOMPError(.refused, "a header has a carriage return or NUL in it: '\(text.forLog)'")
            case lineFeed where isLogin: throw STOMPError(.options, "the login has a line break in it")
            case lineFeed: bytes += [backslash, UInt8(ascii: "n")]
            case colon where !isLogin: bytes += [backslash, UInt8(ascii: "c")]
            // Both servers take the escape of a backslash back in the login as well, though the protocol has none there.
            case backslash: bytes += [backslash, backslash]
            default: bytes.append(byte)
            }
        }
    }

    static let lineFeed: UInt8 = 0x0A
    static let colon = UInt8(ascii: ":")
    static let backslash = UInt8(ascii: "\\")

    /// How many bytes a text has in a header.
    package static func length(ofValue text: String) -> Int {
        text.utf8.reduce(0) { $0 + ($1 == lineFeed || $1 == colon || $1 == backslash ? 2 : 1) }
    }
}
