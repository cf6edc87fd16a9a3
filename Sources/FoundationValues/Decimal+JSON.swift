package import CeleryCore
package import FoundationEssentials
package import Tasks

/// A decimal is a text, so that no reader makes a binary fraction of it. Numbers are read as well.
extension Decimal: HasJSONForm {
    package var jsonForm: JSON { .string("\(self)") }

    package init(jsonForm node: JSONNode) throws {
        let text: String? =
            switch node.python("decimal") ?? node.value {
            case .int(let number): "\(number)"
            case .bigInteger(let digits): digits
            case .double(let number, let spelling): spelling.text ?? "\(number)"
            case .string(let digits): digits
            default: nil
            }
        guard let text, let number = Decimal(string: text) else { throw node.mismatch(Decimal.self, "a number") }
        self = number
    }
}
