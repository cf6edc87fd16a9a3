import CeleryCore
import Mongo

/// JSON as BSON, and the other way round.
enum MongoJSON {
    static func value(_ json: JSON) -> BSONValue {
        switch json {
        case .null: .null
        case .bool(let value): .bool(value)
        case .int(let number): Int32(exactly: number).map { .int32($0) } ?? .int64(number)
        case .bigInteger(let digits): .string(digits)
        case .double(let number, _): .double(number)
        case .string(let text): .string(text)
        case .array(let elements): .array(elements.map(value))
        case .object(let object): .document(BSONDocument(object.members.map { BSONDocument.Member($0.key, value($0.value)) }))
        }
    }

    /// What JSON does not have becomes text, or nothing.
    static func json(_ value: BSONValue) -> JSON {
        switch value {
        case .double(let number): .double(number)
        case .string(let text): .string(text)
        case .document(let document): .object(JSONObject(document.members.map { ($0.name, json($0.value)) }))
        case .array(let values): .array(values.map(json))
        case .binary(let bytes, _): .string(Base64.encode(bytes))
        case .bool(let value): .bool(value)
        case .date: MongoDocument.time(value).map { .string(ISO8601.text($0)) } ?? .null
        case .int32(let number): .int(Int64(number))
        case .int64(let number): .int(number)
        case .null, .other: .null
        }
    }
}
