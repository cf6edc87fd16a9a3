public import CeleryCore

/// Decodes Swift values from JSON values, as `JSONDecoder` does from JSON text.
///
/// Dates are ISO 8601 strings, data base64 strings, and UUIDs, URLs and decimals strings. The objects that Python's Celery
/// writes for such values (`{"__type__": ..., "__value__": ...}`) are accepted too. The description of an error states
/// the expected and the actual type of the value.
public enum JSONValueDecoder {
    /// - Throws: `DecodingError`.
    public static func decode<T: Decodable>(_ type: T.Type, from value: JSON) throws -> T {
        try JSONNode(value: value, codingPath: []).decode(type)
    }
}

/// One value, as a decoder and as its own single-value container.
package struct JSONNode: Decoder, SingleValueDecodingContainer {
    package let value: JSON
    package let codingPath: [any CodingKey]
    package var userInfo: [CodingUserInfoKey: Any] { [:] }

    package func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        guard case .object(let object) = value else { throw mismatch([String: JSON].self, "an object") }
        return KeyedDecodingContainer(
            JSONKeyedDecoding<Key>(members: .object(ObjectMembers(object)), codingPath: codingPath))
    }

    package func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        guard case .array(let elements) = value else { throw mismatch([JSON].self, "a list") }
        return JSONUnkeyedDecoding(elements: elements, codingPath: codingPath)
    }

    package func singleValueContainer() -> any SingleValueDecodingContainer { self }

    package func decodeNil() -> Bool { value.isNull }
    package func decode(_ type: Bool.Type) throws -> Bool { try bool() }
    package func decode(_ type: String.Type) throws -> String { try string() }
    package func decode(_ type: Double.Type) throws -> Double { try floatingPoint() }
    package func decode(_ type: Float.Type) throws -> Float { try floatingPoint() }
    package func decode(_ type: Int.Type) throws -> Int { try integer() }
    package func decode(_ type: Int8.Type) throws -> Int8 { try integer() }
    package func decode(_ type: Int16.Type) throws -> Int16 { try integer() }
    package func decode(_ type: Int32.Type) throws -> Int32 { try integer() }
    package func decode(_ type: Int64.Type) throws -> Int64 { try integer() }
    package func decode(_ type: Int128.Type) throws -> Int128 { try integer() }
    package func decode(_ type: UInt.Type) throws -> UInt { try integer() }
    package func decode(_ type: UInt8.Type) throws -> UInt8 { try integer() }
    package func decode(_ type: UInt16.Type) throws -> UInt16 { try integer() }
    package func decode(_ type: UInt32.Type) throws -> UInt32 { try integer() }
    package func decode(_ type: UInt64.Type) throws -> UInt64 { try integer() }
    package func decode(_ type: UInt128.Type) throws -> UInt128 { try integer() }

    package func decode<T: Decodable>(_ type: T.Type) throws -> T {
        if type == JSON.self, let value = value as? T { return value }
        if let form = type as? any HasJSONForm.Type, let value = try form.init(jsonForm: self) as? T { return value }
        return try T(from: self)
    }
}
