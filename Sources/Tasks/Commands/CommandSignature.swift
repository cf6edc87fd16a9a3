package import CeleryCore

/// The signature of a command: an HMAC over everything that decides what runs.
///
/// Signed are the id, the task, all arguments (argv, folder, environment, umask), the tasks that have to succeed before, and the
/// time after which the command must not begin. Not signed is what a worker changes on the way: the number of retries, the ETA
/// and the queue; so a signature is good at every worker that has the key.
package enum CommandSignature {
    /// The header with the version of the scheme and the code in hexadecimal digits.
    package static let header = "celery_signature"
    private static let version = "1:"

    /// Signs a message that is complete but for its signature. Any change of the above needs a new signature, so does a new id.
    ///
    /// - Parameter arguments: The decoded body of the message.
    package static func sign(_ message: inout Message, _ arguments: TaskArguments, with key: CommandKey) {
        let code = HMAC.code(of: signedBytes(message, arguments), key: key.bytes)
        message.headers[header] = .string(version + Hexadecimal.text(code))
    }

    /// Whether a holder of the key signed this message.
    package static func isValid(_ message: Message, _ arguments: TaskArguments, with key: CommandKey) -> Bool {
        guard let text = message.headers[header]?.stringValue, text.hasPrefix(version),
            let told = Hexadecimal.bytes(String(text.dropFirst(version.count)))
        else { return false }
        return HMAC.isEqual(told, HMAC.code(of: signedBytes(message, arguments), key: key.bytes))
    }

    static func signedBytes(_ message: Message, _ arguments: TaskArguments) -> [UInt8] {
        CanonicalBytes.of([
            "id": .string(message.id.text), "task": .string(message.task), "args": .array(arguments.args),
            "kwargs": .object(arguments.kwargs), "after": message.headers[Prerequisites.header] ?? .null,
            "expires": message.expires.map { .string(ISO8601.text($0)) } ?? .null,
        ])
    }
}

/// One sequence of bytes for each JSON value, and one value for each sequence: what is signed cannot be read in two ways.
///
/// Each value is its sort, a length or count, and its content; members of objects are in the order of their names.
enum CanonicalBytes {
    static func of(_ value: JSON) -> [UInt8] {
        var bytes: [UInt8] = []
        add(value, to: &bytes)
        return bytes
    }

    private static func add(_ value: JSON, to bytes: inout [UInt8]) {
        if let text = value.stringValue {
            add("s", text.utf8, to: &bytes)
        } else if let elements = value.arrayValue {
            add("a", count: elements.count, to: &bytes)
            for element in elements { add(element, to: &bytes) }
        } else if let object = value.objectValue {
            add("o", count: object.count, to: &bytes)
            // By bytes: the order of strings follows Unicode, which changes.
            for (name, value) in object.members.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
                add("s", name.utf8, to: &bytes)
                add(value, to: &bytes)
            }
        } else {
            add("v", value.text(style: .compact).utf8, to: &bytes)
        }
    }

    private static func add(_ sort: Unicode.Scalar, _ content: String.UTF8View, to bytes: inout [UInt8]) {
        add(sort, count: content.count, to: &bytes)
        bytes += content
    }

    private static func add(_ sort: Unicode.Scalar, count: Int, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: sort))
        bytes += "\(count):".utf8
    }
}
