import CeleryCore
import Wire

/// Prints results: values on stdout, failures on stderr.
struct ResultPrinter {
    let output: Output
    /// Whether to print tracebacks of failures.
    var showsTraceback = false
    /// Whether to pass on the stderr output of programs, and the stdout output of those that failed.
    var passesErrorOutput = false

    /// Prints a final result. Returns its exit status.
    @discardableResult
    func print(_ result: TaskResult) -> Int32 {
        if passesErrorOutput { passOnOutput(of: result) }
        switch output.format {
        case .json:
            output.object(Self.object(result))
        case .text:
            if result.state == .success {
                output.raw(bytes: Self.bytes(of: result.value))
            } else {
                describeFailure(result)
            }
        }
        return ExitCode.of(result)
    }

    /// A return value as it is printed: a string and a line break, bytes exactly as they are, any other value as a line of JSON.
    static func bytes(of value: JSON) -> [UInt8] {
        if let bytes = value.binaryValue { return bytes }
        return (value.stringValue.map { Array($0.utf8) } ?? value.bytes(style: .compact)) + [UInt8(ascii: "\n")]
    }

    /// Writes to stderr what a program wrote to its own, and, unless it succeeded, what it wrote to stdout.
    func passOnOutput(of result: TaskResult) {
        if let text = result.errorOutput { output.passOn(text) }
        if let text = result.standardOutput { output.passOn(text.hasSuffix("\n") ? text : text + "\n") }
    }

    /// The object printed by `celery result --json`.
    static func object(_ result: TaskResult) -> JSONObject {
        var object: JSONObject = [
            "id": .string(result.id.text), "state": .string(result.state.name),
            "result": result.state == .success ? result.value : .null,
        ]
        if let failure = result.failure { object["error"] = error(failure) }
        object["exit_status"] = .int(Int64(ExitCode.of(result)))
        object["task"] = result.task.map(JSON.string) ?? .null
        object["worker"] = result.worker.map(JSON.string) ?? .null
        object["attempt"] = .int(Int64(result.attempt))
        object["retries"] = .int(Int64(result.retries))
        object["started"] = result.dateStarted.map { .string(ISO8601.text($0)) } ?? .null
        object["done"] = result.dateDone.map { .string(ISO8601.text($0)) } ?? .null
        object["traceback"] = result.traceback.map(JSON.string) ?? .null
        object["meta"] = .object(result.meta)
        object["stderr"] = result.errorOutput.map(JSON.string) ?? .null
        object["stdout"] = result.standardOutput.map(JSON.string) ?? .null
        return object
    }

    /// The key `error`.
    static func error(_ failure: TaskFailure) -> JSON {
        .object([
            "type": .string(failure.type), "module": .string(failure.module), "message": .string(failure.message),
            "arguments": .array(failure.arguments),
        ])
    }

    private func describeFailure(_ result: TaskResult) {
        if showsTraceback {
            for text in [result.traceback, result.standardOutput].compactMap({ $0 }) { output.passOn(text.hasSuffix("\n") ? text : text + "\n") }
        }
        guard let failure = result.failure else { return output.error(result.state.name) }
        output.error(failure.message.isEmpty ? failure.type : "\(failure.type): \(failure.message)")
    }
}
