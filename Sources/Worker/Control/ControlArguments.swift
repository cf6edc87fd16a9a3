import CeleryCore

/// Typed access to the arguments of a request.
struct ControlArguments {
    let method: String
    let members: JSONObject

    init(_ method: String, _ members: JSONObject) {
        self.method = method
        self.members = members
    }

    /// The argument; `nil` if it is missing or null.
    subscript(name: String) -> JSON? {
        guard let value = members[name], !value.isNull else { return Optional.none }
        return value
    }

    /// A required string, not empty.
    func text(_ name: String) throws(ControlError) -> String {
        guard let text = try optionalText(name) else { throw .missing(name, of: method) }
        guard !text.isEmpty else { throw .value("\(method)() argument '\(name)' is empty") }
        return text
    }

    func optionalText(_ name: String) throws(ControlError) -> String? {
        guard let value = self[name] else { return nil }
        guard let text = value.stringValue else { throw wrong(name, "str", value) }
        return text
    }

    func integer(_ name: String) throws(ControlError) -> Int? {
        guard let value = self[name] else { return nil }
        if let number = value.intValue { return number }
        // Command-line tools may send numbers as strings.
        if let number = value.stringValue.flatMap({ Int($0) }) { return number }
        throw wrong(name, "int", value)
    }

    /// A number of seconds greater than 0.
    func seconds(_ name: String) throws(ControlError) -> Double? {
        guard let value = self[name] else { return nil }
        guard let seconds = value.doubleValue ?? value.stringValue.flatMap(Double.init) else { throw wrong(name, "float", value) }
        guard seconds.isFinite, seconds > 0 else { throw .value("\(method)() argument '\(name)' must be more than 0") }
        return seconds
    }

    func truth(_ name: String) throws(ControlError) -> Bool? {
        guard let value = self[name] else { return nil }
        guard let truth = value.boolValue else { throw wrong(name, "bool", value) }
        return truth
    }

    /// A list of strings, or a single string.
    func texts(_ name: String) throws(ControlError) -> [String]? {
        guard let value = self[name] else { return nil }
        if let text = value.stringValue { return [text] }
        guard let elements = value.arrayValue else { throw wrong(name, "list", value) }
        return elements.compactMap(\.stringValue)
    }

    private func wrong(_ name: String, _ wanted: String, _ value: JSON) -> ControlError {
        let type =
            switch value {
            case .null: "NoneType"
            case .bool: "bool"
            case .int, .bigInteger: "int"
            case .double: "float"
            case .string: "str"
            case .array: "list"
            case .object: "dict"
            }
        return .type("\(method)() argument '\(name)' must be \(wanted), not \(type)")
    }
}
