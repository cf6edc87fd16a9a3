package import CeleryCore

/// A JSON value that is not a signature.
package struct InvalidSignature: Error, Sendable, Hashable, CustomStringConvertible {
    /// What is wrong, in lower case.
    package var description: String
}

/// Encodes and decodes signatures (`canvas-*` in `Tests/Golden`).
package enum SignatureCodec {
    /// The six keys in Python's order.
    package static func json(_ signature: Signature) -> JSON {
        .object(
            JSONObject(distinct: [
                ("task", .string(signature.task)), ("args", .array(signature.args)),
                ("kwargs", .object(signature.kwargs)), ("options", .object(signature.options)),
                ("subtask_type", signature.subtaskType.map(JSON.string) ?? .null),
                ("immutable", .bool(signature.isImmutable)),
            ]))
    }

    /// Parses a signature. All keys except `task` may be absent or `null`.
    package static func decode(_ value: JSON) throws(InvalidSignature) -> Signature {
        guard let object = value.objectValue else { throw InvalidSignature(description: "a signature is not a mapping") }
        guard let task = object["task"]?.stringValue, !task.isEmpty else {
            throw InvalidSignature(description: "a signature names no task")
        }
        let args = object["args"] ?? .null
        guard args.isNull || args.arrayValue != nil else {
            throw InvalidSignature(description: "the args of the signature of \(task) are not a list")
        }
        return Signature(
            task: task, args: args.arrayValue ?? [],
            kwargs: try members(object["kwargs"], "kwargs", task),
            options: try members(object["options"], "options", task),
            subtaskType: object["subtask_type"]?.stringValue,
            isImmutable: object["immutable"]?.boolValue ?? false)
    }

    /// Parses a list of signatures, a single one, or none.
    static func signatures(_ value: JSON?) throws(InvalidSignature) -> [Signature] {
        switch value {
        case nil, .null: return []
        case .array(let elements):
            var signatures: [Signature] = []
            for element in elements { signatures.append(try decode(element)) }
            return signatures
        case let single?: return [try decode(single)]
        }
    }

    private static func members(
        _ value: JSON?, _ name: String, _ task: String
    ) throws(InvalidSignature) -> JSONObject {
        guard let value, !value.isNull else { return [:] }
        guard let members = value.objectValue else {
            throw InvalidSignature(description: "the \(name) of the signature of \(task) are not a mapping")
        }
        return members
    }
}
