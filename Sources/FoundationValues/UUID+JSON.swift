package import CeleryCore
package import FoundationEssentials
package import Tasks

/// A UUID is a text in small letters, as Python writes it.
extension UUID: HasJSONForm {
    package var jsonForm: JSON { .string(uuidString.lowercased()) }

    package init(jsonForm node: JSONNode) throws {
        let text = node.python("uuid")?["hex"]?.stringValue ?? node.value.stringValue
        guard var text else { throw node.mismatch(UUID.self, "a UUID") }
        if text.utf8.count == 32 {
            for position in [8, 13, 18, 23] { text.insert("-", at: text.index(text.startIndex, offsetBy: position)) }
        }
        guard let uuid = UUID(uuidString: text) else { throw node.invalid("must be a UUID") }
        self = uuid
    }
}
