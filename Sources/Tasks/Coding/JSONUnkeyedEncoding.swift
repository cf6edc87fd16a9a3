import CeleryCore

/// An unkeyed container.
struct JSONUnkeyedEncoding: UnkeyedEncodingContainer {
    let node: EncodingNode
    var codingPath: [any CodingKey] { node.codingPath }
    var count: Int { node.count }

    func encodeNil() { node.append(.value(.null)) }
    func encode(_ value: Bool) { node.append(.value(.bool(value))) }
    func encode(_ value: String) { node.append(.value(.string(value))) }
    func encode(_ value: Double) { node.append(.value(.double(value))) }
    func encode(_ value: Float) { node.append(.value(.double(Double(value)))) }
    func encode(_ value: Int) { node.append(.encode(integer: value)) }
    func encode(_ value: Int8) { node.append(.encode(integer: value)) }
    func encode(_ value: Int16) { node.append(.encode(integer: value)) }
    func encode(_ value: Int32) { node.append(.encode(integer: value)) }
    func encode(_ value: Int64) { node.append(.encode(integer: value)) }
    func encode(_ value: Int128) { node.append(.encode(integer: value)) }
    func encode(_ value: UInt) { node.append(.encode(integer: value)) }
    func encode(_ value: UInt8) { node.append(.encode(integer: value)) }
    func encode(_ value: UInt16) { node.append(.encode(integer: value)) }
    func encode(_ value: UInt32) { node.append(.encode(integer: value)) }
    func encode(_ value: UInt64) { node.append(.encode(integer: value)) }
    func encode(_ value: UInt128) { node.append(.encode(integer: value)) }

    func encode<T: Encodable>(_ value: T) throws {
        node.append(try EncodingSlot.encode(value, codingPath: path))
    }

    func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
        open().container(keyedBy: type)
    }

    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { open().unkeyedContainer() }
    func superEncoder() -> any Encoder { open() }

    private var path: [any CodingKey] { codingPath + CollectionOfOne<any CodingKey>(JSONCodingKey(intValue: count)) }

    private func open() -> EncodingNode {
        let nested = EncodingNode(codingPath: path)
        node.append(.open(nested))
        return nested
    }
}

/// A single-value container.
struct JSONSingleEncoding: SingleValueEncodingContainer {
    let node: EncodingNode
    var codingPath: [any CodingKey] { node.codingPath }

    func encodeNil() { node.content = .single(.value(.null)) }
    func encode(_ value: Bool) { node.content = .single(.value(.bool(value))) }
    func encode(_ value: String) { node.content = .single(.value(.string(value))) }
    func encode(_ value: Double) { node.content = .single(.value(.double(value))) }
    func encode(_ value: Float) { node.content = .single(.value(.double(Double(value)))) }
    func encode(_ value: Int) { node.content = .single(.encode(integer: value)) }
    func encode(_ value: Int8) { node.content = .single(.encode(integer: value)) }
    func encode(_ value: Int16) { node.content = .single(.encode(integer: value)) }
    func encode(_ value: Int32) { node.content = .single(.encode(integer: value)) }
    func encode(_ value: Int64) { node.content = .single(.encode(integer: value)) }
    func encode(_ value: Int128) { node.content = .single(.encode(integer: value)) }
    func encode(_ value: UInt) { node.content = .single(.encode(integer: value)) }
    func encode(_ value: UInt8) { node.content = .single(.encode(integer: value)) }
    func encode(_ value: UInt16) { node.content = .single(.encode(integer: value)) }
    func encode(_ value: UInt32) { node.content = .single(.encode(integer: value)) }
    func encode(_ value: UInt64) { node.content = .single(.encode(integer: value)) }
    func encode(_ value: UInt128) { node.content = .single(.encode(integer: value)) }

    func encode<T: Encodable>(_ value: T) throws {
        node.content = .single(try EncodingSlot.encode(value, codingPath: codingPath))
    }
}
