public import CeleryCore

/// A property or return value of type `JSON` accepts any value unchanged.
extension JSON: Codable {
    public init(from decoder: any Decoder) throws {
        if let node = decoder as? JSONNode {
            self = node.value
            return
        }
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Int64.self) {
            self = .int(value)
        } else if let value = try? container.decode(Double.self) {
            self = .double(value)
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let value = try? container.decode([JSON].self) {
            self = .array(value)
        } else {
            // A dictionary is unordered; sorting makes the result deterministic.
            let members = try container.decode([String: JSON].self).sorted { $0.key < $1.key }
            self = .object(JSONObject(distinct: members.map { (key: $0.key, value: $0.value) }))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        if let node = encoder as? EncodingNode {
            node.content = .single(.value(self))
            return
        }
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .bool(let value): try container.encode(value)
        case .int(let value): try container.encode(value)
        case .bigInteger(let digits):
            // Integers beyond 128 bits are exact only as strings of digits.
            if let value = Int128(digits) { try container.encode(value) } else { try container.encode(digits) }
        case .double(let value, _): try container.encode(value)
        case .string(let value): try container.encode(value)
        case .array(let elements): try container.encode(elements)
        case .object(let object):
            try container.encode(Dictionary(uniqueKeysWithValues: object.members.map { ($0.key, $0.value) }))
        }
    }
}
