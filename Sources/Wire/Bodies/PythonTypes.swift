package import CeleryCore

/// The objects by which Celery encodes Python values that JSON lacks: `{"__type__": "uuid", "__value__": …}` (`task-v2-*` in
/// `Tests/Golden`).
package enum PythonTypes {
    /// Replaces such objects, at any depth, by plain text: the ISO form of a time, the digits of a decimal, a dashed
    /// UUID, the text of bytes.
    ///
    /// Bytes that are not UTF-8 stay in base64; `JSON.binaryValue` decodes them. Objects of unknown types are left unchanged.
    package static func simplify(_ value: JSON) -> JSON {
        switch value {
        case .array(let elements): .array(elements.map(simplify))
        case .object(let object):
            plainText(of: object).map(JSON.string)
                ?? .object(JSONObject(distinct: object.members.map { ($0.key, simplify($0.value)) }))
        default: value
        }
    }

    /// The text for such an object; `nil` for other objects.
    private static func plainText(of object: JSONObject) -> String? {
        guard object.count == 2, let type = object["__type__"]?.stringValue, let value = object["__value__"] else {
            return nil
        }
        switch type {
        case "datetime", "date", "time", "decimal", "bytes": return value.stringValue
        case "base64": return value.stringValue.map { text(ofBase64: $0) ?? $0 }
        case "uuid": return value["hex"]?.stringValue.flatMap(dashed)
        default: return nil
        }
    }

    /// Formats 32 hexadecimal digits in groups of 8, 4, 4, 4 and 12.
    private static func dashed(_ digits: String) -> String? {
        guard digits.utf8.count == 32, digits.utf8.allSatisfy({ UnicodeScalar($0).properties.isASCIIHexDigit }) else {
            return nil
        }
        var text = ""
        for (place, digit) in digits.enumerated() {
            if [8, 12, 16, 20].contains(place) { text += "-" }
            text.append(digit)
        }
        return text
    }

    /// The decoded bytes as text; `nil` unless they are UTF-8.
    private static func text(ofBase64 encoded: String) -> String? {
        Base64.decode(encoded).flatMap { String(validating: $0, as: UTF8.self) }
    }
}
