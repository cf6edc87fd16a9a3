package import CeleryCore

/// A result as our own stores store it: Celery's extended document with our additions. Python reads it like any other result.
package enum KeptResult {
    package static func document(of result: TaskResult) -> JSON {
        var document = ResultDocument(result).json(extended: true).objectValue ?? [:]
        document["attempt"] = .int(Int64(result.attempt))
        if result.crashes > 0 { document["crashes"] = .int(Int64(result.crashes)) }
        if let started = result.dateStarted { document["date_started"] = .double(started.seconds) }
        if let text = result.errorOutput { document["stderr"] = .string(text) }
        if let text = result.standardOutput { document["stdout"] = .string(text) }
        if !result.meta.isEmpty { document["meta"] = .object(result.meta) }
        return .object(document)
    }

    /// - Throws: `JSONError` or `MalformedMessage` for a malformed result.
    package static func read(_ bytes: [UInt8]) throws -> TaskResult {
        let document = try JSON(parsing: bytes)
        var result = try ResultDocument(document).result
        result.attempt = document["attempt"]?.intValue ?? 1
        result.crashes = document["crashes"]?.intValue ?? 0
        result.dateStarted = document["date_started"]?.doubleValue.map(Timestamp.init)
        result.errorOutput = document["stderr"]?.stringValue
        result.standardOutput = document["stdout"]?.stringValue
        result.meta = document["meta"]?.objectValue ?? [:]
        return result
    }
}
