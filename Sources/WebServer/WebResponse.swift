package import CeleryCore

/// What a client is told.
package struct WebResponse: Sendable {
    package var status: Int
    package var headers: [WebField]
    package var body: Body
    /// Until when this answer may be repeated for the same request without asking the handler; `nil` for never.
    package var repeatsUntil: ContinuousClock.Instant?

    package enum Body: Sendable {
        case bytes([UInt8])
        /// Is sent by the closure for as long as it runs; cancelled when the server stops.
        case stream(@Sendable (WebStream) async -> Void)
    }

    package init(_ status: Int = 200, headers: [WebField] = [], body: Body = .bytes([])) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    package static func json(_ value: JSON, status: Int = 200, headers: [WebField] = []) -> WebResponse {
        WebResponse(status, headers: [WebField("Content-Type", "application/json")] + headers, body: .bytes(value.bytes()))
    }

    package static func text(_ text: String, status: Int = 200, type: String = "text/plain; charset=utf-8") -> WebResponse {
        WebResponse(status, headers: [WebField("Content-Type", type)], body: .bytes(Array(text.utf8)))
    }

    /// A refusal as JSON: `{"error": "..."}`.
    package init(_ refusal: WebRefusal) {
        self = .json(["error": .string(refusal.reason)], status: refusal.status, headers: refusal.headers)
    }

    /// The value of a header line.
    package func header(_ name: String) -> String? { headers.first { $0.isNamed(name) }?.value }

    /// Sets a header line unless it is there.
    package mutating func add(_ field: WebField) {
        if !headers.contains(where: { $0.isNamed(field.name) }) { headers.append(field) }
    }

    /// The body; `nil` for a stream.
    package var bytes: [UInt8]? { if case .bytes(let bytes) = body { bytes } else { nil } }
}
