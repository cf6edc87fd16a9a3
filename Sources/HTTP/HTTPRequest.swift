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
    /// The most bytes of the body of an answer; a longer one is `HTTPError.Code.tooLong`.
    package var bodyLimit = 64 << 20
    /// Whether the answer shall have its header lines.
    package var keepsHeaders = false
    /// Whether the proxies that the environment names are left alone.
    package var ignoresProxies = false
    /// The path of a Unix socket to connect to, whatever the host.
    package var unixSocket: String?
    /// Asked before each connection, on the thread of the request: whether an address, of 4 or 16 bytes, may be connected to.
    /// What it permits is what is connected to; no name is looked up again. `nil` permits all.
    package var permitsAddress: (@Sendable ([UInt8]) -> Bool)?

    /// A line before the body.
    package struct Header: Sendable, Hashable {
        /// As it is written.
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
    /// The header lines; empty unless the request asked for them.
    package var headers: [HTTPRequest.Header] = []

    package init(status: Int, body: [UInt8]) {
        self.status = status
        self.body = body
    }

    /// Whether the server did as it was told.
    package var isSuccess: Bool { 200..<300 ~= status }

    /// The body as text.
    package var text: String { String(decoding: body, as: UTF8.self) }

    /// The value of the first header line of a name, in any case.
    package func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    /// The header lines in the heads of an answer and of those that announced it, of which the last counts; `nil` if that one has
    /// no end: libcurl takes a head that is cut off for an answer.
    static func headers(in head: [UInt8]) -> [HTTPRequest.Header]? {
        var headers: [HTTPRequest.Header] = []
        var isWhole = false
        // A trailer follows the blank line at the end of the head.
        for line in head.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).dropLast() {
            let text = String(decoding: line, as: UTF8.self)
            if text.hasPrefix("HTTP/") { (headers, isWhole) = ([], false) }
            if line.isEmpty || line.elementsEqual("\r".utf8) { isWhole = true }
            guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")), colon > text.startIndex, !isWhole else { continue }
            headers.append(HTTPRequest.Header(String(text[..<colon]), trimmed(text[text.utf8.index(after: colon)...])))
        }
        return isWhole ? headers : nil
    }

    private static func trimmed(_ text: Substring) -> String {
        let blanks: [UInt8] = [0x20, 0x09, 0x0D]
        let bytes = text.utf8.drop { blanks.contains($0) }
        let end = bytes.lastIndex { !blanks.contains($0) }
        return end.map { String(bytes[...$0]) ?? "" } ?? ""
    }
}
