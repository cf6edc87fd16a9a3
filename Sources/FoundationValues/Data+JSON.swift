package import CeleryCore
package import FoundationEssentials
package import Tasks

/// Data are a base64 text.
extension Data: HasJSONForm {
    package var jsonForm: JSON { .string(Base64.encode(self)) }

    package init(jsonForm node: JSONNode) throws {
        if let text = node.python("bytes")?.stringValue {
            self.init(text.utf8)
            return
        }
        guard let text = (node.python("base64") ?? node.value).stringValue else { throw node.mismatch(Data.self, "a base64 string") }
        guard let bytes = Base64.decode(text) else { throw node.invalid("must be a base64 string") }
        self.init(bytes)
    }
}
