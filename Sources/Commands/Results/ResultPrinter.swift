import CeleryCore
import Wire

/// Prints results: values on stdout, failures on stderr.
struct ResultPrinter {
    let output: Output
    /// Whether to print tracebacks of failures.
    var showsTraceback = false
    /// Whether to pass on the stderr output of programs.
    var passesErrorOutput = false

    /// Prints a final result. Returns its exit status.
    @discardableResult
    func print(_ result: TaskResult) -> Int32 {
        if passesErrorOutput, let text = result.errorOutput { output.passOn(text) }
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
        object["stderr"] = result.errorOutput.map(JSON.string) ?? .null
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
        if showsTraceback, let traceback = result.traceback {
            output.passOn(traceback.hasSuffix("\n") ? traceback : traceback + "\n")
        }
        guard let failure = result.failure else { return output.error(result.state.name) }
        output.error(failure.message.isEmpty ? failure.type : "\(failure.type): \(failure.message)")
    }
}
