/// A value of the scripted MongoDB server, and its bytes by the specification of BSON. Shares nothing with the client.
package indirect enum MongoServerValue: Equatable, Sendable {
    case double(Double)
    case text(String)
    case document([Member])
    case list([MongoServerValue])
    case bytes([UInt8], UInt8)
    case bool(Bool)
    case date(Int64)
    case null
    /// With four or with eight bytes.
    case int(Int64, isLong: Bool)

    package struct Member: Equatable, Sendable {
        package var name: String
        package var value: MongoServerValue
    }

    package struct Malformed: Error {}

    package init(_ members: [(String, MongoServerValue)]) { self = .document(members.map { Member(name: $0, value: $1) }) }

    /// The value of a member; `nil` if this is no document, or has none of that name.
    package subscript(name: String) -> MongoServerValue? { members.first { $0.name == name }?.value }

    package var members: [Member] { if case .document(let members) = self { members } else { [] } }

    package var list: [MongoServerValue] { if case .list(let values) = self { values } else { [] } }

    package var text: String? { if case .text(let text) = self { text } else { nil } }

    package var number: Double? {
        switch self {
        case .double(let number): number
        case .int(let number, _): Double(number)
        case .bool(let value): value ? 1 : 0
        default: nil
        }
    }

    package mutating func set(_ name: String, _ value: MongoServerValue) {
        var members = members
        if let place = members.firstIndex(where: { $0.name == name }) { members[place].value = value } else { members.append(Member(name: name, value: value)) }
        self = .document(members)
    }

    // MARK: Writing

    package var bytes: [UInt8] {
        var body: [UInt8] = []
        for member in members { body += Self.element(member.name, member.value) }
        return Self.little(Int32(body.count + 5)) + body + [0]
    }

    private static func element(_ name: String, _ value: MongoServerValue) -> [UInt8] {
        let key = Array(name.utf8) + [0]
        switch value {
        case .double(let number): return [1] + key + little(number.bitPattern)
        case .text(let text): return [2] + key + little(Int32(text.utf8.count + 1)) + Array(text.utf8) + [0]
        case .document: return [3] + key + value.bytes
        case .list(let values): return [4] + key + MongoServerValue(values.enumerated().map { ("\($0)", $1) }).bytes
        case .bytes(let bytes, let kind): return [5] + key + little(Int32(bytes.count)) + [kind] + bytes
        case .bool(let isTrue): return [8] + key + [isTrue ? 1 : 0]
        case .date(let milliseconds): return [9] + key + little(milliseconds)
        case .null: return [10] + key
        case .int(let number, let isLong): return isLong ? [18] + key + little(number) : [16] + key + little(Int32(number))
        }
    }

    static func little(_ number: some FixedWidthInteger) -> [UInt8] { withUnsafeBytes(of: number.littleEndian) { Array($0) } }

    // MARK: Reading

    package init(_ bytes: [UInt8]) throws {
        var place = 0
        self = try Self.read(bytes, &place)
        guard place == bytes.count else { throw Malformed() }
    }

    private static func read(_ bytes: [UInt8], _ place: inout Int) throws -> MongoServerValue {
        let end = place + Int(try word(bytes, &place, Int32.self))
        guard end <= bytes.count, place < end else { throw Malformed() }
        var members: [Member] = []
        while true {
            let type = try one(bytes, &place)
            if type == 0 { break }
            let name = try name(bytes, &place)
            members.append(Member(name: name, value: try value(type, bytes, &place)))
        }
        guard place == end else { throw Malformed() }
        return .document(members)
    }

    private static func value(_ type: UInt8, _ bytes: [UInt8], _ place: inout Int) throws -> MongoServerValue {
        switch type {
        case 1: return .double(Double(bitPattern: try word(bytes, &place, UInt64.self)))
        case 2:
            let size = Int(try word(bytes, &place, Int32.self))
            guard size > 0, place + size <= bytes.count, bytes[place + size - 1] == 0, let text = String(validating: bytes[place..<place + size - 1], as: UTF8.self)
            else { throw Malformed() }
            place += size
            return .text(text)
        case 3: return try read(bytes, &place)
        case 4:
            let members = try read(bytes, &place).members
            guard members.map(\.name) == members.indices.map({ "\($0)" }) else { throw Malformed() }
            return .list(members.map(\.value))
        case 5:
            let size = Int(try word(bytes, &place, Int32.self))
            let kind = try one(bytes, &place)
            guard size >= 0, place + size <= bytes.count else { throw Malformed() }
            defer { place += size }
            return .bytes(Array(bytes[place..<place + size]), kind)
        case 8: return .bool(try one(bytes, &place) == 1)
        case 9: return .date(try word(bytes, &place, Int64.self))
        case 10: return .null
        case 16: return .int(Int64(try word(bytes, &place, Int32.self)), isLong: false)
        case 18: return .int(try word(bytes, &place, Int64.self), isLong: true)
        default: throw Malformed()
        }
    }

    private static func one(_ bytes: [UInt8], _ place: inout Int) throws -> UInt8 {
        guard place < bytes.count else { throw Malformed() }
        defer { place += 1 }
        return bytes[place]
    }

    private static func word<Number: FixedWidthInteger>(_ bytes: [UInt8], _ place: inout Int, _: Number.Type) throws -> Number {
        let size = Number.bitWidth / 8
        guard place + size <= bytes.count else { throw Malformed() }
        defer { place += size }
        return bytes[place..<place + size].withUnsafeBytes { Number(littleEndian: $0.loadUnaligned(as: Number.self)) }
    }

    private static func name(_ bytes: [UInt8], _ place: inout Int) throws -> String {
        guard let zero = bytes[place...].firstIndex(of: 0) else { throw Malformed() }
        defer { place = zero + 1 }
        return String(decoding: bytes[place..<zero], as: UTF8.self)
    }
}
