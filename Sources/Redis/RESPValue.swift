/// A reply of a Redis server.
///
/// The further types of RESP3 are read as what RESP2 sends in their place: maps as arrays of alternating keys and values, sets as
/// arrays, truth values as 1 and 0, doubles and big numbers as their texts.
package enum RESPValue: Sendable, Equatable {
    case null
    case integer(Int64)
    /// A short text of the protocol, such as `OK`.
    case status(String)
    /// A refusal, such as `WRONGTYPE Operation against a key holding the wrong kind of value`.
    case error(String)
    case bytes([UInt8])
    case array([RESPValue])
    /// What RESP3 sends without being asked: a message of a channel.
    case push([RESPValue])

    /// The content of `bytes`.
    package var bytesValue: [UInt8]? { if case .bytes(let bytes) = self { bytes } else { nil } }

    /// The number of an integer, or of a text that is one.
    package var intValue: Int? {
        switch self {
        case .integer(let number): Int(exactly: number)
        case .bytes(let bytes): Int(String(decoding: bytes, as: UTF8.self))
        default: nil
        }
    }

    /// A text, whichever way it was sent.
    package var textValue: String? {
        switch self {
        case .status(let text): text
        case .bytes(let bytes): String(decoding: bytes, as: UTF8.self)
        default: nil
        }
    }

    /// The elements of an array, or of a message that was pushed.
    package var elements: [RESPValue]? {
        switch self {
        case .array(let elements), .push(let elements): elements
        default: nil
        }
    }

    /// The value of a key, in an array of alternating keys and values.
    package subscript(key: String) -> RESPValue? {
        guard let elements else { return nil }
        for index in stride(from: 0, to: elements.count - 1, by: 2) where elements[index].textValue == key {
            return elements[index + 1]
        }
        return nil
    }
}

/// What of the bytes of a server is not the protocol.
package struct RESPError: Error, Sendable, Equatable, CustomStringConvertible {
    package var description: String
}
