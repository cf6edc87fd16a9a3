/// What is asked of a server.
package struct HTTPRequest: Sendable {
    /// GET, PUT, POST, DELETE or whatever the server knows.
    package var method: String
    /// Without credentials: those stand below. Percent-encoded.
    package var url: String
    package var headers: [Header] = []
    /// `nil` sends none.
    package var body: [UInt8]?
    /// For HTTP's Basic authentication.
    package var user: String?
    package var password: String?
    /// A PEM file of the authorities to trust, instead of those of the machine.
    package var authorityFile: String?
    /// Until a connection stands.
    package var connectTimeout = Duration.seconds(10)
    /// Until the whole answer is there.
    package var timeout = Duration.seconds(60)

    /// A line before the body.
    package struct Header: Sendable, Hashable {
        package var name: String
        package var value: String

        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    package init(_ method: String, _ url: String) {
        self.method = method
        self.url = url
    }
}

/// What a server answered.
package struct HTTPAnswer: Sendable, Hashable {
    /// As 200 or 404.
    package var status: Int
    package var body: [UInt8]

    package init(status: Int, body: [UInt8]) {
        self.status = status
        self.body = body
    }

    /// Whether the server did as it was told.
    package var isSuccess: Bool { 200..<300 ~= status }

    /// The body as text.
    package var text: String { String(decoding: body, as: UTF8.self) }
}
