import CeleryCore
import FoundationEssentials

extension JSONNode {
    /// Decodes types without a native JSON form; `nil` for other types.
    func special<T>(_ type: T.Type) throws -> T? {
        if type == JSON.self { return value as? T }
        if type == Date.self { return try date() as? T }
        if type == UUID.self { return try uuid() as? T }
        if type == Data.self { return try data() as? T }
        if type == URL.self { return try url() as? T }
        if type == Decimal.self { return try decimal() as? T }
        return nil
    }

    /// The value in an object that Python's Celery wrote for one of these types; `nil` for other values.
    private func python(_ types: String...) -> JSON? {
        guard case .object(let object) = value, object.count == 2, let type = object["__type__"]?.stringValue,
            types.contains(type)
        else { return nil }
        return object["__value__"]
    }

    private func date() throws -> Date {
        let text = (python("datetime", "date") ?? value).stringValue
        guard let text, let date = Self.date(text) else { throw mismatch(Date.self, "a date such as 2026-01-31T12:00:00Z") }
        return date
    }

    /// Parses an ISO 8601 time; without a zone, the time is UTC, as in Celery.
    static func date(_ text: String) -> Date? {
        var text = text
        if text.utf8.count == 10 { text += "T00:00:00" }
        // Python's `str` of a time separates date and time with a space.
        if let blank = text.firstIndex(of: " ") { text.replaceSubrange(blank...blank, with: "T") }
        let time = text.dropFirst(11)
        if !time.contains(where: { "Zz+-".contains($0) }) { text += "Z" }
        let style = Date.ISO8601FormatStyle(includingFractionalSeconds: time.contains("."))
        return try? style.parse(text)
    }

    private func uuid() throws -> UUID {
        let text = python("uuid")?["hex"]?.stringValue ?? value.stringValue
        guard var text else { throw mismatch(UUID.self, "a UUID") }
        if text.utf8.count == 32 {
            for place in [8, 13, 18, 23] { text.insert("-", at: text.index(text.startIndex, offsetBy: place)) }
        }
        guard let uuid = UUID(uuidString: text) else { throw invalid("must be a UUID") }
        return uuid
    }

    private func data() throws -> Data {
        if let text = python("bytes")?.stringValue { return Data(text.utf8) }
        guard let text = (python("base64") ?? value).stringValue else { throw mismatch(Data.self, "a base64 string") }
        guard let data = Data(base64Encoded: text) else { throw invalid("must be a base64 string") }
        return data
    }

    private func url() throws -> URL {
        guard let url = URL(string: try string()) else { throw invalid("must be a URL") }
        return url
    }

    private func decimal() throws -> Decimal {
        let text: String? =
            switch python("decimal") ?? value {
            case .int(let number): "\(number)"
            case .bigInteger(let digits): digits
            case .double(let number): "\(number)"
            case .string(let digits): digits
            default: nil
            }
        guard let text, let number = Decimal(string: text) else { throw mismatch(Decimal.self, "a number") }
        return number
    }

    private func invalid(_ message: String) -> DecodingError {
        DecodingError.dataCorrupted(.init(codingPath: codingPath, debugDescription: message))
    }
}
