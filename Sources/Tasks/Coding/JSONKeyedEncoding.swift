import CeleryCore

/// A keyed container.
struct JSONKeyedEncoding<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let node: EncodingNode
    var codingPath: [any CodingKey] { node.codingPath }

    private func put(_ value: JSON, _ key: Key) { node.append(.value(value), key: key.stringValue) }
    private func put(integer: some FixedWidthInteger, _ key: Key) {
        node.append(.encode(integer: integer), key: key.stringValue)
    }

    func encodeNil(forKey key: Key) { put(.null, key) }
    func encode(_ value: Bool, forKey key: Key) { put(.bool(value), key) }
    func encode(_ value: String, forKey key: Key) { put(.string(value), key) }
    func encode(_ value: Double, forKey key: Key) { put(.double(value), key) }
    func encode(_ value: Float, forKey key: Key) { put(.double(Double(value)), key) }
    func encode(_ value: Int, forKey key: Key) { put(integer: value, key) }
    func encode(_ value: Int8, forKey key: Key) { put(integer: value, key) }
    func encode(_ value: Int16, forKey key: Key) { put(integer: value, key) }
    func encode(_ value: Int32, forKey key: Key) { put(integer: value, key) }
    func encode(_ value: Int64, forKey key: Key) { put(integer: value, key) }
    func encode(_ value: Int128, forKey key: Key) { put(integer: value, key) }
    func encode(_ value: UInt, forKey key: Key) { put(integer: value, key) }
    func encode(_ value: UInt8, forKey key: Key) { put(integer: value, key) }
    func encode(_ value: UInt16, forKey key: Key) { put(integer: value, key) }
    func encode(_ value: UInt32, forKey key: Key) { put(integer: value, key) }
    func encode(_ value: UInt64, forKey key: Key) { put(integer: value, key) }
    func encode(_ value: UInt128, forKey key: Key) { put(integer: value, key) }

    func encode<T: Encodable>(_ value: T, forKey key: Key) throws {
        let slot = try EncodingSlot.encode(value, codingPath: codingPath + CollectionOfOne<any CodingKey>(key))
        node.append(slot, key: key.stringValue)
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) -> KeyedEncodingContainer<Nested> {
        open(key).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer { open(key).unkeyedContainer() }
    func superEncoder() -> any Encoder { open(JSONCodingKey.super) }
    func superEncoder(forKey key: Key) -> any Encoder { open(key) }

    private func open(_ key: any CodingKey) -> EncodingNode {
        if let node = node.opened(key.stringValue) { return node }
        let nested = EncodingNode(codingPath: codingPath + [key])
        node.append(.open(nested), key: key.stringValue)
        return nested
    }
}
