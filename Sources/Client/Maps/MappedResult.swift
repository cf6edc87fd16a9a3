public import CeleryCore

/// What came of one input of a map.
public struct MappedResult<Output: Sendable>: Sendable {
    /// The position of the input, from 0.
    public let index: Int
    /// The id of the task.
    public let id: TaskID
    /// The return value; or `TaskFailed` if the task did not succeed, `ResultMissing` if its result is not stored, `DecodingError`
    /// if the value has another type.
    public let result: Result<Output, any Error>

    /// The return value.
    ///
    /// - Throws: The error of `result`.
    public func get() throws -> Output { try result.get() }

    init(_ item: MappedItem, _ decode: (JSON) throws -> Output) {
        (index, id) = (item.number - 1, item.id)
        result = Result {
            guard let result = item.result else { throw ResultMissing(id: item.id) }
            guard result.state == .success else { throw TaskFailed(id: item.id, state: result.state, failure: result.failure) }
            return try decode(result.value)
        }
    }
}
