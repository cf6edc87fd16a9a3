package import CeleryCore
package import FoundationEssentials
package import Tasks

/// A date is a text of ISO 8601 in UTC.
extension Date: HasJSONForm {
    /// With a fraction of a second only where there is one.
    package var jsonForm: JSON {
        let seconds = timeIntervalSinceReferenceDate
        return .string(ISO8601FormatStyle(includingFractionalSeconds: seconds != seconds.rounded()).format(self))
    }

    package init(jsonForm node: JSONNode) throws {
        let text = (node.python("datetime", "date") ?? node.value).stringValue
        guard let text, let date = Self.parse(text) else { throw node.mismatch(Date.self, "a date such as 2026-01-31T12:00:00Z") }
        self = date
    }

    /// Without a zone the text is in UTC, as in Celery.
    static func parse(_ text: String) -> Date? {
        var text = text
        if text.utf8.count == 10 { text += "T00:00:00" }
        // Python separates by a blank when asked for `str` of a time.
        if let blank = text.firstIndex(of: " ") { text.replaceSubrange(blank...blank, with: "T") }
        let time = text.dropFirst(11)
        if !time.contains(where: { "Zz+-".contains($0) }) { text += "Z" }
        return try? ISO8601FormatStyle(includingFractionalSeconds: time.contains(".")).parse(text)
    }
}
