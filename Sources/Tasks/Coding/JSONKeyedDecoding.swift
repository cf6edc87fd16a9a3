import CeleryCore

/// The source of a keyed container's members.
enum DecodingMembers {
    case object(ObjectMembers)
    /// The arguments of a task, assigned in the order of decoding.
    case arguments(ArgumentSlots)

    func value(for name: String) throws -> JSON? {
        switch self {
        case .object(let members): members[name]
        case .arguments(let slots): try slots.value(for: name)
        }
    }

    var names: [String] {
        switch self {
        case .object(let members): members.object.keys
        case .arguments(let slots): slots.names
        }
    }
}

/// The members of an object. A large object gets an index, since `JSONObject` searches linearly.
struct ObjectMembers {
    let object: JSONObject
    private let index: [String: JSON]?

    init(_ object: JSONObject) {
        self.object = object
        index = object.count > 24 ? Dictionary(object.members.map { ($0.key, $0.value) }) { $1 } : nil
    }

    subscript(name: String) -> JSON? { index.map { $0[name] } ?? object[name] }
}

/// A keyed container.
struct JSONKeyedDecoding<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let members: DecodingMembers
    let codingPath: [any CodingKey]

    var allKeys: [Key] { members.names.compactMap { Key(stringValue: $0) } }

    func contains(_ key: Key) -> Bool {
        // An argument with two values exists; reading it throws an error.
        do { return try members.value(for: key.stringValue) != nil } catch { return true }
    }

    private func node(_ key: any CodingKey) throws -> JSONNode {
        guard let value = try members.value(for: key.stringValue) else {
            throw DecodingError.keyNotFound(
                key, .init(codingPath: codingPath, debugDescription: "lacks '\(key.stringValue)'"))
        }
        return JSONNode(value: value, codingPath: codingPath + CollectionOfOne<any CodingKey>(key))
    }

    func decodeNil(forKey key: Key) throws -> Bool { try node(key).decodeNil() }
    func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool { try node(key).bool() }
    func decode(_ type: String.Type, forKey key: Key) throws -> String { try node(key).string() }
    func decode(_ type: Double.Type, forKey key: Key) throws -> Double { try node(key).floatingPoint() }
    func decode(_ type: Float.Type, forKey key: Key) throws -> Float { try node(key).floatingPoint() }
    func decode(_ type: Int.Type, forKey key: Key) throws -> Int { try node(key).integer() }
    func decode(_ type: Int8.Type, forKey key: Key) throws -> Int8 { try node(key).integer() }
    func decode(_ type: Int16.Type, forKey key: Key) throws -> Int16 { try node(key).integer() }
    func decode(_ type: Int32.Type, forKey key: Key) throws -> Int32 { try node(key).integer() }
    func decode(_ type: Int64.Type, forKey key: Key) throws -> Int64 { try node(key).integer() }
    func decode(_ type: Int128.Type, forKey key: Key) throws -> Int128 { try node(key).integer() }
    func decode(_ type: UInt.Type, forKey key: Key) throws -> UInt { try node(key).integer() }
    func decode(_ type: UInt8.Type, forKey key: Key) throws -> UInt8 { try node(key).integer() }
    func decode(_ type: UInt16.Type, forKey key: Key) throws -> UInt16 { try node(key).integer() }
    func decode(_ type: UInt32.Type, forKey key: Key) throws -> UInt32 { try node(key).integer() }
    func decode(_ type: UInt64.Type, forKey key: Key) throws -> UInt64 { try node(key).integer() }
    func decode(_ type: UInt128.Type, forKey key: Key) throws -> UInt128 { try node(key).integer() }
    func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T { try node(key).decode(type) }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<Nested> {
        try node(key).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try node(key).unkeyedContainer()
    }

    func superDecoder() throws -> any Decoder { try superDecoder(named: JSONCodingKey.super) }
    func superDecoder(forKey key: Key) throws -> any Decoder { try superDecoder(named: key) }

    /// A missing member decodes as null, as in Foundation's decoders.
    private func superDecoder(named key: any CodingKey) throws -> any Decoder {
        JSONNode(value: try members.value(for: key.stringValue) ?? .null, codingPath: codingPath + [key])
    }
}

/// A name or an index in a coding path.
struct JSONCodingKey: CodingKey {
    var stringValue: String
    var intValue: Int?

    static let `super` = JSONCodingKey(stringValue: "super")

    init(stringValue: String) { self.stringValue = stringValue }

    init(intValue: Int) {
        stringValue = "\(intValue)"
        self.intValue = intValue
    }
}
