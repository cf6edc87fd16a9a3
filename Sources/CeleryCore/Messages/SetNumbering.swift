/// The ids of a set of tasks and of its members, which are numbered.
///
/// The id of a set is a random UUID whose last twelve hexadecimal digits are zero; the id of member N, counted from 1, has N in
/// their place. So nobody has to keep the ids of a million members, and the members of a set are adjacent in an index.
public struct SetNumbering: Sendable, Hashable {
    /// The common beginning of all ids, with its last hyphen: `8-4-4-4-`.
    private let prefix: String

    private static let prefixLength = 24
    private static let length = 36
    /// The greatest number of a member: twelve hexadecimal digits.
    public static let most = 1 << 48 - 1

    /// A new set.
    public init() {
        var random = SystemRandomNumberGenerator()
        // The version 4 and the variant of RFC 9562.
        let high = random.next() & ~0xF000 | 0x4000
        let low = random.next() & 0x3FFF | 0x8000
        prefix = String(unsafeUninitializedCapacity: Self.prefixLength) { buffer in
            var at = 0
            func write(_ word: UInt64, digits: Int) {
                for digit in (0..<digits).reversed() {
                    buffer[at] = Self.digit(word >> UInt64(4 * digit) & 0xF)
                    at += 1
                }
                buffer[at] = UInt8(ascii: "-")
                at += 1
            }
            write(high >> 32, digits: 8)
            write(high >> 16 & 0xFFFF, digits: 4)
            write(high & 0xFFFF, digits: 4)
            write(low, digits: 4)
            return Self.prefixLength
        }
    }

    /// The set with this id; `nil` for text that is not the id of a numbered set.
    public init?(id: String) {
        guard Self.number(of: id) == 0 else { return nil }
        prefix = String(id.prefix(Self.prefixLength))
    }

    /// The set to which a task with this id belongs; `nil` for an id that is not of this form. Any UUID is.
    public init?(member id: TaskID) {
        guard let number = Self.number(of: id.text), number > 0 else { return nil }
        prefix = String(id.text.prefix(Self.prefixLength))
    }

    /// The id of the set.
    public var id: String { member(0).text }

    /// The id of a member.
    ///
    /// - Parameter number: From 1 to `most`.
    public func member(_ number: Int) -> TaskID {
        TaskID(
            String(unsafeUninitializedCapacity: Self.length) { buffer in
                var at = 0
                for byte in prefix.utf8 {
                    buffer[at] = byte
                    at += 1
                }
                for digit in (0..<12).reversed() {
                    buffer[at] = Self.digit(UInt64(number) >> UInt64(4 * digit) & 0xF)
                    at += 1
                }
                return Self.length
            })
    }

    /// The number of a member; `nil` for a task of another set.
    public func number(of id: TaskID) -> Int? {
        guard id.text.utf8.starts(with: prefix.utf8), let number = Self.number(of: id.text), number > 0 else { return nil }
        return number
    }

    /// The number in an id; `nil` for an id that is not a UUID in lower case.
    public static func number(of id: String) -> Int? {
        guard id.utf8.count == length else { return nil }
        var number = 0
        for (at, byte) in id.utf8.enumerated() {
            if at == 8 || at == 13 || at == 18 || at == 23 {
                guard byte == UInt8(ascii: "-") else { return nil }
                continue
            }
            let digit: UInt8
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
            default: return nil
            }
            if at >= prefixLength { number = number << 4 | Int(digit) }
        }
        return number
    }

    private static func digit(_ value: UInt64) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + UInt8(value) : UInt8(ascii: "a") - 10 + UInt8(value)
    }
}
