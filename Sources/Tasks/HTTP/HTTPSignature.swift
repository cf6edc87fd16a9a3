package import CeleryCore
package import HTTP

/// The header by which the receiver of a request knows that a holder of the key sent it, and when.
///
///     Celery-Signature: t=1763800000,v1=5f3a…
///
/// `v1` is HMAC-SHA256, in hexadecimal digits, over these lines, each with a line feed at its end, and then the body: the time, the
/// method, host and port as in the Host header, path and query, the id of the task, the number of the attempt.
package enum HTTPSignature {
    package static let name = "Celery-Signature"

    static func header(of step: HTTPStep, _ call: HTTPCall, _ key: [UInt8], now: Timestamp) -> HTTPRequest.Header {
        header(of: step.request, to: step.address, id: HTTPHeaderText.safe(call.taskID.text), attempt: call.attempt, key, now: now)
    }

    /// - Parameter id: As the request's header Celery-Task-Id has it.
    package static func header(
        of request: HTTPRequest, to address: HTTPAddress, id: String, attempt: Int, _ key: [UInt8], now: Timestamp
    ) -> HTTPRequest.Header {
        let time = String(Int64(now.seconds))
        let code = code(
            lines: [time, request.method, address.authority, address.target, id, String(attempt)], body: request.body ?? [], key: key)
        return HTTPRequest.Header(name, "t=\(time),v1=\(code)")
    }

    /// The code of a request, in hexadecimal digits.
    package static func code(lines: [String], body: [UInt8], key: [UInt8]) -> String {
        Hexadecimal.text(HMAC.code(of: Array(lines.map { $0 + "\n" }.joined().utf8) + body, key: key))
    }
}

/// Untrusted text in a header.
enum HTTPHeaderText {
    /// The text itself if it is printable ASCII without blanks, as ids and names usually are; else percent-encoded.
    static func safe(_ text: String) -> String {
        text.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "%") } ? text : PercentCoding.encode(text, keeping: ":/@")
    }
}
