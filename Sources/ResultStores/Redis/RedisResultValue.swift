import CeleryCore
import Wire

/// A result as the value of a key: the document of our other stores, whose first two members are the state and the attempt.
///
/// Python ignores what it does not know and the order of members. The script that stores a result reads these two at the beginning
/// of the value, however long that is.
enum RedisResultValue {
    static func bytes(of result: TaskResult) -> [UInt8] {
        var members = KeptResult.document(of: result).objectValue ?? [:]
        let state = members["status"]
        let attempt = members["attempt"]
        members["status"] = nil
        members["attempt"] = nil
        var document = JSONObject()
        document["status"] = state
        document["attempt"] = attempt
        for member in members.members { document[member.key] = member.value }
        return JSON.object(document).bytes(style: .python)
    }

    /// - Throws: `JSONError` or `MalformedMessage`.
    static func read(_ value: [UInt8]) throws -> TaskResult { try KeptResult.read(CompressedResult.document(in: value)) }
}
