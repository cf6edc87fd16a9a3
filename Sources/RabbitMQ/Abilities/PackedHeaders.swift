import CeleryCore

/// Headers for servers that keep only plain values: everything else goes into one header, as JSON.
///
/// garagemq refuses a message with a list among its headers, and destroys tables. Plain headers stay as they are, so that Python's
/// workers find those they need: the name of the task, its id, and its times.
enum PackedHeaders {
    static let name = "celery-headers"

    static func pack(_ headers: JSONObject) -> JSONObject {
        var packed: [(key: String, value: JSON)] = []
        var plain: [(key: String, value: JSON)] = []
        for member in headers.members {
            // A header of this name would be taken for ours.
            if isPlain(member.value), member.key != name {
                plain.append((member.key, member.value))
            } else {
                packed.append((member.key, member.value))
            }
        }
        guard !packed.isEmpty else { return headers }
        plain.append((name, .string(JSON.object(JSONObject(distinct: packed)).text(style: .compact))))
        return JSONObject(distinct: plain)
    }

    /// Restores the headers. Anybody may have written them: what cannot be read stays as it came.
    static func unpack(_ headers: JSONObject) -> JSONObject {
        guard let text = headers[name]?.stringValue, let packed = (try? JSON(parsing: text))?.objectValue else { return headers }
        var restored = headers
        restored[name] = nil
        for member in packed.members { restored[member.key] = member.value }
        return restored
    }

    private static func isPlain(_ value: JSON) -> Bool {
        switch value {
        case .array, .object: false
        case .int(let number): Int32(exactly: number) != nil
        case .null, .bool, .double, .string, .bigInteger: true
        }
    }
}
