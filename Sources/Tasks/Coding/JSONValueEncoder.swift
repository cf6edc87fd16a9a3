public import CeleryCore

/// Makes JSON values of Swift values, as `JSONEncoder` makes JSON text.
///
/// Dates become ISO 8601 texts in UTC, data base64 texts, UUIDs texts in small letters as
/// Python writes them, decimals and URLs texts: what a shell program can read.
public enum JSONValueEncoder {
    /// - Throws: `EncodingError`, or what a value's own `encode(to:)` throws.
    public static func encode<T: Encodable>(_ value: T) throws -> JSON {
        try EncodingSlot.encode(value, codingPath: []).json
    }
}

/// A place in the tree being built: a finished value, or a container still open.
enum EncodingSlot {
    case value(JSON)
    case open(EncodingNode)

    var json: JSON {
        switch self {
        case .value(let value): value
        case .open(let node): node.json
        }
    }

    /// Encodes any value; the common ones without a container.
    static func encode<T: Encodable>(_ value: T, codingPath: [any CodingKey]) throws -> EncodingSlot {
        if let special = special(value) { return .value(special) }
        let node = EncodingNode(codingPath: codingPath)
        try value.encode(to: node)
        return .open(node)
    }

    /// The types whose own encoding is not wanted, or takes longer. Comparing types is much cheaper than casting.
    private static func special<T: Encodable>(_ value: T) -> JSON? {
        if T.self == Int.self { return (value as? Int).map { .int(Int64($0)) } }
        if T.self == String.self { return (value as? String).map(JSON.string) }
        if T.self == JSON.self { return value as? JSON }
        return (value as? any HasJSONForm)?.jsonForm
    }

    static func encode<I: FixedWidthInteger>(integer: I) -> EncodingSlot {
        .value(Int64(exactly: integer).map(JSON.int) ?? .bigInteger("\(integer)"))
    }
}

/// A value under construction, shared by the containers that fill it.
final class EncodingNode: Encoder {
    enum Content {
        case nothing
        case single(EncodingSlot)
        case list([EncodingSlot])
        case members([(key: String, slot: EncodingSlot)])
    }

    let codingPath: [any CodingKey]
    var userInfo: [CodingUserInfoKey: Any] { [:] }
    var content = Content.nothing

    init(codingPath: [any CodingKey]) { self.codingPath = codingPath }

    /// The finished value. A type that wrote nothing is an empty object, as in Foundation.
    var json: JSON {
        switch content {
        case .nothing: return .object(JSONObject())
        case .single(let slot): return slot.json
        case .list(let slots): return .array(slots.map(\.json))
        case .members(let members):
            let finished = members.map { (key: $0.key, value: $0.slot.json) }
            guard Set(finished.map(\.key)).count == finished.count else {
                return .object(JSONObject(finished.map { ($0.key, $0.value) }))
            }
            return .object(JSONObject(distinct: finished))
        }
    }

    /// Adds an element to a list.
    func append(_ slot: EncodingSlot) {
        guard case .list(var slots) = content else {
            content = .list([slot])
            return
        }
        // Let go of the list before adding to it, or each addition copies it.
        content = .nothing
        slots.append(slot)
        content = .list(slots)
    }

    /// Adds a member to an object.
    func append(_ slot: EncodingSlot, key: String) {
        guard case .members(var members) = content else {
            content = .members([(key, slot)])
            return
        }
        content = .nothing
        members.append((key, slot))
        content = .members(members)
    }

    var count: Int { if case .list(let slots) = content { slots.count } else { 0 } }

    /// The container already open under this key, so that two calls fill one.
    func opened(_ key: String) -> EncodingNode? {
        guard case .members(let members) = content,
            case .open(let node)? = members.last(where: { $0.key == key })?.slot
        else { return nil }
        return node
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        if case .nothing = content { content = .members([]) }
        return KeyedEncodingContainer(JSONKeyedEncoding<Key>(node: self))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        if case .nothing = content { content = .list([]) }
        return JSONUnkeyedEncoding(node: self)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer { JSONSingleEncoding(node: self) }
}
