/// A value of AMQP 1.0 (part 1 of the specification). Numbers that are shorter on the wire have the next longer form here.
package indirect enum ProtonValue: Sendable, Equatable {
    case null
    case bool(Bool)
    case ubyte(UInt8)
    case uint(UInt32)
    case ulong(UInt64)
    case long(Int64)
    case double(Double)
    /// Milliseconds since 1970.
    case timestamp(Int64)
    case binary([UInt8])
    case string(String)
    /// A text of ASCII letters, of which the protocol makes its names.
    case symbol(String)
    case list([ProtonValue])
    case map([Pair])
    case described(ProtonValue, ProtonValue)
    /// A type that no message of ours has: characters, UUIDs, decimals.
    case other

    package struct Pair: Sendable, Equatable {
        package var key: ProtonValue
        package var value: ProtonValue

        package init(_ key: ProtonValue, _ value: ProtonValue) {
            self.key = key
            self.value = value
        }
    }

    /// The text of a string or symbol.
    package var text: String? {
        switch self {
        case .string(let text), .symbol(let text): text
        default: nil
        }
    }

    /// A whole number; `nil` for one that is out of range, too.
    package var integer: Int64? {
        switch self {
        case .ubyte(let number): Int64(number)
        case .uint(let number): Int64(number)
        case .ulong(let number): Int64(exactly: number)
        case .long(let number), .timestamp(let number): number
        default: nil
        }
    }

    package var list: [ProtonValue]? { if case .list(let elements) = self { elements } else { nil } }
    package var pairs: [Pair]? { if case .map(let pairs) = self { pairs } else { nil } }

    /// The value of a map under a text.
    package subscript(_ name: String) -> ProtonValue? { pairs?.first { $0.key.text == name }?.value }
}
