extension JSON {
    /// Bytes as a value: a string if they are UTF-8, else the object by which Python's kombu writes bytes in JSON,
    /// `{"__type__": "base64", "__value__": "…"}`. Python's Celery reads the object as `bytes`.
    package init(text bytes: some Sequence<UInt8>) {
        let bytes = Array(bytes)
        if let text = String(validating: bytes, as: UTF8.self) {
            self = .string(text)
        } else {
            self = .object(JSONObject(distinct: [("__type__", "base64"), ("__value__", .string(Base64.encode(bytes)))]))
        }
    }

    /// The bytes of an object by which kombu writes Python's `bytes`, of type `base64` or, for UTF-8, `bytes`; `nil` for any other
    /// value.
    package var binaryValue: [UInt8]? {
        guard case .object(let object) = self, object.count == 2, let type = object["__type__"]?.stringValue,
            let text = object["__value__"]?.stringValue
        else { return nil }
        return switch type {
        case "base64": Base64.decode(text)
        case "bytes": Array(text.utf8)
        default: nil
        }
    }
}
