/// The tasks that have to succeed before a message may run, as a header of the message.
package enum Prerequisites {
    /// An array of task ids. The header is ours; Python passes it on unchanged.
    package static let header = "celery_after"
    /// The largest number of tasks that one message waits for.
    package static let limit = 1_000

    /// The tasks that a message names; empty for one that waits for none.
    package static func of(_ message: Message) -> [TaskID] {
        guard let value = message.headers[header] else { return [] }
        // Anybody may have written it.
        return (value.arrayValue ?? []).prefix(limit).compactMap(\.stringValue).map { TaskID($0) }
    }

    package static func write(_ ids: [TaskID], to message: inout Message) {
        message.headers[header] = ids.isEmpty ? nil : .array(ids.map { .string($0.text) })
    }
}
