package import CeleryCore
import Wire

/// An SQL condition that holds for every row whose arguments or result contain a text, and for few others. The caller decodes the
/// rows that it selects, and checks them.
package struct TextCondition {
    let sql: String
    let arguments: [String]

    /// - Returns: `nil` for a text that stored JSON may spell in several ways.
    init?(_ text: String) {
        guard Self.isSpelledOneWay(text) else { return nil }
        // Unusual properties tell of a body that is compressed or not JSON.
        sql = "(instr(document, CAST(? AS BLOB)) OR instr(body, CAST(? AS BLOB)) OR properties IS NOT NULL)"
        arguments = [text, text]
    }

    /// Whether JSON that has a text in it has its bytes as well.
    package static func isSpelledOneWay(_ text: String) -> Bool {
        // What JSON writes as it is; `name=value` is searched, too, and stands nowhere. Other characters are escaped by some writers and not by others.
        !text.isEmpty && text.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F && !#""\/="#.utf8.contains($0) }
    }
}

extension ListedTask {
    /// Whether its arguments as they are shown, return value or error contain the filter's text, if it has one.
    package func contains(textOf filter: TaskFilter) -> Bool {
        guard let text = filter.text else { return true }
        if let result {
            if result.value.displayText.contains(text: text) { return true }
            if let failure = result.failure, failure.message.contains(text: text) || failure.type.contains(text: text) { return true }
        }
        guard let request, let decoded = try? BodyCodec.decode(request.body), let arguments = filter.redaction.shown(decoded) else { return false }
        return arguments.args.contains { $0.displayText.contains(text: text) }
            || arguments.kwargs.members.contains { "\($0.key)=\($0.value.displayText)".contains(text: text) }
    }
}
