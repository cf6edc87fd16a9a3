import CeleryCore

/// Arguments do not match a task. The wording is Python's.
package enum ArgumentsError: Error, Sendable, Hashable, CustomStringConvertible {
    case wrongCount(taken: Int, given: Int)
    case missing(String)
    case unexpected(String)
    case multipleValues(String)
    /// A value has the wrong type, or the type rejects it.
    case wrongValue(String)

    package var description: String {
        switch self {
        case .wrongCount(let taken, let given):
            "takes \(taken) argument\(taken == 1 ? "" : "s") but \(given) \(given == 1 ? "was" : "were") given"
        case .missing(let name): "missing required argument '\(name)'"
        case .unexpected(let name): "got an unexpected keyword argument '\(name)'"
        case .multipleValues(let name): "got multiple values for argument '\(name)'"
        case .wrongValue(let message): message
        }
    }

    /// The failure of a task that was called with such arguments: Python's `TypeError`.
    func failure(of task: String) -> TaskFailure {
        let message = if case .wrongValue(let message) = self { message } else { "\(task)() \(self)" }
        return TaskFailure(type: "TypeError", arguments: [.string(message)], module: "builtins")
    }

    /// Converts a decoding error; the message names the argument and the problem.
    init(_ error: DecodingError) {
        switch error {
        case .keyNotFound(let key, let context):
            guard let path = Self.path(context.codingPath) else {
                self = .missing(key.stringValue)
                return
            }
            self = .wrongValue("argument '\(path)' lacks '\(key.stringValue)'")
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
            let subject = Self.path(context.codingPath).map { "argument '\($0)'" } ?? "the argument"
            self = .wrongValue("\(subject) \(context.debugDescription)")
        @unknown default:
            self = .wrongValue("\(error)")
        }
    }

    /// The path of an argument, such as `point.x` or `points[2].x`; `nil` for the arguments as a whole.
    private static func path(_ keys: [any CodingKey]) -> String? {
        guard !keys.isEmpty else { return nil }
        var path = ""
        for key in keys {
            if let index = key.intValue {
                path += "[\(index)]"
            } else {
                path += (path.isEmpty ? "" : ".") + key.stringValue
            }
        }
        return path
    }
}
