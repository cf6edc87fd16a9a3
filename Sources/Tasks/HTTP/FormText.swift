import CeleryCore

/// Arguments in a query or in a form: `application/x-www-form-urlencoded`, as Python's `urlencode` writes it.
enum FormText {
    static func encoded(_ kwargs: JSONObject) -> String {
        kwargs.members.map { encoded($0.key) + "=" + encoded(word($0.value)) }.joined(separator: "&")
    }

    /// Path and query with arguments added. Those replace parameters of their names.
    static func merged(_ target: String, with kwargs: JSONObject) -> String {
        guard !kwargs.isEmpty else { return target }
        let mark = target.utf8.firstIndex(of: UInt8(ascii: "?"))
        let path = mark.map { target[..<$0] } ?? target[...]
        let query = mark.map { target[target.utf8.index(after: $0)...] } ?? ""
        let kept = query.split(separator: "&").filter { pair in
            let name = String(pair.prefix { $0 != "=" }).replacing(text: "+", with: "%20")
            return PercentCoding.decode(name).map { kwargs[$0] == nil } ?? true
        }
        return path + "?" + (kept.map(String.init) + [encoded(kwargs)]).joined(separator: "&")
    }

    private static func encoded(_ text: String) -> String { PercentCoding.encode(text).replacing(text: "%20", with: "+") }

    /// A value as Python's `str` writes it; lists and tables as JSON.
    private static func word(_ value: JSON) -> String {
        switch value {
        case .string(let text): text
        case .null: "None"
        case .bool(let value): value ? "True" : "False"
        default: value.text(style: .compact)
        }
    }
}
