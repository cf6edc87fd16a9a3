package import CeleryCore
package import FoundationEssentials
package import Tasks

extension URL: HasJSONForm {
    package var jsonForm: JSON { .string(absoluteString) }

    package init(jsonForm node: JSONNode) throws {
        guard let url = URL(string: try node.string()) else { throw node.invalid("must be a URL") }
        self = url
    }
}
