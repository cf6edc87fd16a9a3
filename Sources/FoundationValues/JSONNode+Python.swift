import CeleryCore
import Tasks

extension JSONNode {
    /// Python's object for a value, when it is of one of these types: `{"__type__": ..., "__value__": ...}`.
    func python(_ types: String...) -> JSON? {
        guard case .object(let object) = value, object.count == 2, let type = object["__type__"]?.stringValue,
            types.contains(type)
        else { return nil }
        return object["__value__"]
    }

    func invalid(_ message: String) -> DecodingError {
        DecodingError.dataCorrupted(.init(codingPath: codingPath, debugDescription: message))
    }
}
