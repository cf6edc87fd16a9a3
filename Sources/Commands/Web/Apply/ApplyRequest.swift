import CeleryCore
import Client
import WebServer

/// What a submission by HTTP asks for.
///
/// A form has keyword arguments, all of them texts, as in the original:
///
///     a=1&b=two
///
/// JSON has arguments of any type, and options:
///
///     {"args": [1, 2], "kwargs": {"size": 200}, "countdown": 10, "expires": "1h"}
struct ApplyRequest: Sendable {
    private(set) var args: [JSON] = []
    private(set) var kwargs: JSONObject = [:]
    private(set) var options = SendOptions()
    /// What the sender calls this submission, however often it sends it; `nil` if nothing.
    let key: String?
    /// Tells this body from others that are sent with the same key.
    let digest: [UInt8]

    /// Bytes of the longest body.
    static let longestBody = 256 << 10
    /// Bytes of the longest key.
    private static let longestKey = 255
    /// The options of a submission. Others, such as a queue or callbacks, would reach beyond the tasks of its token.
    private static let optionNames: Set<String> = ["countdown", "expires"]

    /// - Throws: `WebRefusal` with 400, 413 or 415.
    init(_ request: WebRequest) throws(WebRefusal) {
        key = request.header("idempotency-key")
        digest = SHA256.hash(Array("\(request.mediaType ?? "")\n".utf8) + request.body)
        if let key {
            guard (1...Self.longestKey).contains(key.utf8.count), key.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else {
                throw WebRefusal(400, "an Idempotency-Key has 1 to \(Self.longestKey) printable ASCII characters")
            }
        }
        guard request.body.count <= Self.longestBody else { throw WebRefusal(413, "the body is longer than \(Self.longestBody) bytes") }
        guard !request.body.isEmpty else { return }
        switch request.mediaType {
        case "application/json": try read(request.body)
        case WebRequest.formType:
            // All of its fields: a bearer token needs no field with a token of ours.
            for field in try WebTarget.parameters(String(decoding: request.body, as: UTF8.self)) {
                kwargs[field.name] = .string(field.value)
            }
        default: throw WebRefusal(415, "the body must be application/json or application/x-www-form-urlencoded, as Content-Type says")
        }
        guard kwargs[""] == nil else { throw WebRefusal(400, "a keyword argument has no name") }
    }

    private mutating func read(_ body: [UInt8]) throws(WebRefusal) {
        guard let object = (try? JSON(parsing: body))?.objectValue else { throw WebRefusal(400, "the body is no JSON object") }
        for (name, value) in object.members {
            switch name {
            case "args":
                guard let args = value.arrayValue else { throw WebRefusal(400, "args must be an array") }
                self.args = args
            case "kwargs":
                guard let kwargs = value.objectValue else { throw WebRefusal(400, "kwargs must be an object") }
                self.kwargs = kwargs
            case _ where Self.optionNames.contains(name):
                if value.isNull { continue }
                do {
                    try SendMembers(status: ExitCode.badData).take(name, value, into: &options)
                } catch {
                    throw WebRefusal(400, Report.describe(error).message)
                }
            default: throw WebRefusal(400, "the body may have args, kwargs, countdown and expires, and nothing else")
            }
        }
    }
}
