import CeleryCore
import Wire

/// A result as the value of a key: the document of our other stores, whose first two members are the state and the attempt.
///
/// Python ignores what it does not know and the order of members. The script that stores a result in Redis reads these two at the
/// beginning of the value, however long that is.
enum ResultValue {
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

    /// Whether a result may be replaced by one of an attempt: a final one only where it is a revocation that no worker has
    /// confirmed, and none of a newer attempt.
    static func mayReplace(_ there: TaskResult, byAttempt attempt: Int) -> Bool {
        if there.attempt > attempt { return false }
        return !there.state.isReady || (there.state == .revoked && there.attempt == 0 && attempt > 0)
    }
}
