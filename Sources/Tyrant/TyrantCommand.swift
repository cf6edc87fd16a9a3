/// A command for a Tokyo Tyrant server, in its binary protocol ("Original Binary Protocol" in Tokyo Tyrant's specification): the byte
/// 0xC8, the number of the command, sizes as whole numbers of four bytes with the most significant first, then keys and values.
///
/// Keys are sent as they are: check them with `TyrantKey` first.
package enum TyrantCommand: Sendable, Equatable {
    /// Stores a value whether there is one or not.
    case put(String, [UInt8])
    /// Stores a value if there is none: the one command by which of two who write at once the second learns of the first.
    case putKeep(String, [UInt8])
    /// Deletes a value.
    case out(String)
    /// Several values; keys without one are absent.
    case values([String])
    /// The size of a value.
    case size(String)
    /// Keys that begin with a text.
    ///
    /// `limit`: how many at most; `nil` for all.
    case keys(startingWith: String, limit: Int?)
    /// What the server says of itself.
    case status

    /// The first byte of each command.
    static let magic: UInt8 = 0xC8

    /// Keys of one `mget` at most: the server takes a million, and who asks for fewer at a time need not hold them all.
    package static let keysPerCommand = 100

    /// The name in the specification, as errors show it.
    package var name: String {
        switch self {
        case .put: "put"
        case .putKeep: "putkeep"
        case .out: "out"
        case .values: "mget"
        case .size: "vsiz"
        case .keys: "fwmkeys"
        case .status: "stat"
        }
    }

    private var number: UInt8 {
        switch self {
        case .put: 0x10
        case .putKeep: 0x11
        case .out: 0x20
        case .values: 0x31
        case .size: 0x38
        case .keys: 0x58
        case .status: 0x88
        }
    }

    /// The form of the reply: replies do not tell themselves what they answer.
    var shape: TyrantReply.Shape {
        switch self {
        case .put, .putKeep, .out: .code
        case .values: .records
        case .size: .size
        case .keys: .keys
        case .status: .text
        }
    }

    /// Appends the command.
    package func encode(to output: inout [UInt8]) {
        func append(_ size: Int) {
            for shift in [24, 16, 8, 0] { output.append(UInt8(truncatingIfNeeded: size >> shift)) }
        }
        output += [Self.magic, number]
        switch self {
        case .put(let key, let value), .putKeep(let key, let value):
            append(key.utf8.count)
            append(value.count)
            output += key.utf8
            output += value
        case .out(let key), .size(let key):
            append(key.utf8.count)
            output += key.utf8
        case .values(let keys):
            append(keys.count)
            for key in keys {
                append(key.utf8.count)
                output += key.utf8
            }
        case .keys(let beginning, let limit):
            append(beginning.utf8.count)
            // A negative number stands for all.
            append(limit.map { min($0, Int(Int32.max)) } ?? -1)
            output += beginning.utf8
        case .status: break
        }
    }
}

/// What may be a key, and a value.
package enum TyrantKey {
    /// Bytes of a key at most. The server takes more, but nobody who names a task means to.
    package static let limit = 4_096

    /// Bytes of a value at most: the server closes the connection over a larger one (`MAXARGSIZ` of ttserver).
    package static let valueLimit = 256 << 20

    /// What is wrong with a key; `nil` for one that can be sent.
    package static func fault(in key: String) -> String? {
        if key.isEmpty { return "is empty" }
        if key.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) { return "has a control character in it" }
        if key.utf8.count > limit { return "is longer than \(limit) bytes" }
        return nil
    }
}
