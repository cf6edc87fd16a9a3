package import CeleryCore

/// Encodes a task value as the arguments of a message.
///
/// Properties become positional arguments in the order of declaration, which Python workers accept too; an optional
/// property without a value becomes null. A type that encodes nested containers, such as an enum with associated values,
/// becomes keyword arguments, since its keys carry the meaning.
package enum TaskArgumentsEncoder {
    /// - Throws: `EncodingError`, or what a value's own `encode(to:)` throws.
    package static func encode<T: Encodable>(_ task: T) throws -> TaskArguments {
        let node = ArgumentsNode()
        try task.encode(to: node)
        return node.arguments
    }
}

/// An encoder that records the names and the order of a task's properties.
private final class ArgumentsNode: Encoder {
    let node = EncodingNode(codingPath: [])
    /// Whether decoding needs the names.
    var isByName = false
    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    var arguments: TaskArguments {
        switch node.content {
        case .nothing: TaskArguments()
        case .single(let slot): TaskArguments(args: [slot.json])
        case .list(let slots): TaskArguments(args: slots.map(\.json))
        case .members(let members):
            if isByName, case .object(let kwargs) = node.json {
                TaskArguments(kwargs: kwargs)
            } else {
                TaskArguments(args: members.map(\.slot.json))
            }
        }
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        KeyedEncodingContainer(ArgumentsEncoding<Key>(arguments: self))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer { node.unkeyedContainer() }
    func singleValueContainer() -> any SingleValueEncodingContainer { node.singleValueContainer() }
}

/// A keyed container that encodes null for missing optionals instead of omitting them.
private struct ArgumentsEncoding<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let arguments: ArgumentsNode
    var codingPath: [any CodingKey] { [] }
    private var inner: JSONKeyedEncoding<Key> { JSONKeyedEncoding(node: arguments.node) }

    init(arguments: ArgumentsNode) { self.arguments = arguments }

    func encodeNil(forKey key: Key) { inner.encodeNil(forKey: key) }
    func encode(_ value: Bool, forKey key: Key) { inner.encode(value, forKey: key) }
    func encode(_ value: String, forKey key: Key) { inner.encode(value, forKey: key) }
    func encode(_ value: Double, forKey key: Key) { inner.encode(value, forKey: key) }
    func encode(_ value: Float, forKey key: Key) { inner.encode(value, forKey: key) }
    func encode(_ value: Int, forKey key: Key) { inner.encode(value, forKey: key) }
    func encode(_ value: Int8, forKey key: Key) { inner.encode(value, forKey: key) }
    func encode(_ value: Int16, forKey key: Key) { inner.encode(value, forKey: key) }
    func encode(_ value: Int32, forKey key: Key) { inner.encode(value, forKey: key) }
    func encode(_ value: Int64, forKey key: Key) { inner.encode(value, forKey: key) }
    func encode(_ value: Int128, forKey key: Key) { inner.encode(value, forKey: key) }
    func encode(_ value: UInt, forKey key: Key) { inner.encode(value, forKey: key) }
    func encode(_ value: UInt8, forKey key: Key) { inner.encode(value, forKey: key) }
    func encode(_ value: UInt16, forKey key: Key) { inner.encode(value, forKey: key) }
    func encode(_ value: UInt32, forKey key: Key) { inner.encode(value, forKey: key) }
    func encode(_ value: UInt64, forKey key: Key) { inner.encode(value, forKey: key) }
    func encode(_ value: UInt128, forKey key: Key) { inner.encode(value, forKey: key) }
    func encode<T: Encodable>(_ value: T, forKey key: Key) throws { try inner.encode(value, forKey: key) }

    func encodeIfPresent(_ value: Bool?, forKey key: Key) throws { try inner.encode(value, forKey: key) }
    func encodeIfPresent(_ value: String?, forKey key: Key) throws { try inner.encode(value, forKey: key) }
    func encodeIfPresent(_ value: Double?, forKey key: Key) throws { try inner.encode(value, forKey: key) }
    func encodeIfPresent(_ value: Float?, forKey key: Key) throws { try inner.encode(value, forKey: key) }
    func encodeIfPresent(_ value: Int?, forKey key: Key) throws { try inner.encode(value, forKey: key) }
    func encodeIfPresent(_ value: Int8?, forKey key: Key) throws { try inner.encode(value, forKey: key) }
    func encodeIfPresent(_ value: Int16?, forKey key: Key) throws { try inner.encode(value, forKey: key) }
    func encodeIfPresent(_ value: Int32?, forKey key: Key) throws { try inner.encode(value, forKey: key) }
    func encodeIfPresent(_ value: Int64?, forKey key: Key) throws { try inner.encode(value, forKey: key) }
    func encodeIfPresent(_ value: Int128?, forKey key: Key) throws { try inner.encode(value, forKey: key) }
    func encodeIfPresent(_ value: UInt?, forKey key: Key) throws { try inner.encode(value, forKey: key) }
    func encodeIfPresent(_ value: UInt8?, forKey key: Key) throws { try inner.encode(value, forKey: key) }
    func encodeIfPresent(_ value: UInt16?, forKey key: Key) throws { try inner.encode(value, forKey: key) }
    func encodeIfPresent(_ value: UInt32?, forKey key: Key) throws { try inner.encode(value, forKey: key) }
    func encodeIfPresent(_ value: UInt64?, forKey key: Key) throws { try inner.encode(value, forKey: key) }
    func encodeIfPresent(_ value: UInt128?, forKey key: Key) throws { try inner.encode(value, forKey: key) }
    func encodeIfPresent<T: Encodable>(_ value: T?, forKey key: Key) throws { try inner.encode(value, forKey: key) }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) -> KeyedEncodingContainer<Nested> {
        arguments.isByName = true
        return inner.nestedContainer(keyedBy: type, forKey: key)
    }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        arguments.isByName = true
        return inner.nestedUnkeyedContainer(forKey: key)
    }

    func superEncoder() -> any Encoder {
        arguments.isByName = true
        return inner.superEncoder()
    }

    func superEncoder(forKey key: Key) -> any Encoder {
        arguments.isByName = true
        return inner.superEncoder(forKey: key)
    }
}
