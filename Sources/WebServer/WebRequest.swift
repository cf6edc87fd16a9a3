import CMicroHTTPD

/// What a client asks for.
package struct WebRequest: Sendable {
    package var method: String
    package var target: WebTarget
    /// Names in lower case, in the order of the request.
    package var headers: [WebField]
    package var body: [UInt8]
    package var peer: WebPeer

    package init(
        _ method: String, _ target: WebTarget, headers: [WebField] = [], body: [UInt8] = [], peer: WebPeer = WebPeer()
    ) {
        self.method = method
        self.target = target
        self.headers = headers
        self.body = body
        self.peer = peer
    }

    /// The value of a header line; of several the first.
    package func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }

    /// The type of the body in lower case, without its parameters; `nil` if none is given.
    package var mediaType: String? {
        let text = header("content-type")?.split(separator: ";", maxSplits: 1, omittingEmptySubsequences: false).first
        return text?.lowercased().split(whereSeparator: \.isWhitespace).first.map(String.init)
    }

    /// The media type of forms.
    package static let formType = "application/x-www-form-urlencoded"

    /// Whether the answer has a body: not that of HEAD.
    package var wantsBody: Bool { method != "HEAD" }

    /// HEAD is answered as GET, without a body.
    package var verb: String { method == "HEAD" ? "GET" : method }

    /// The fields of a form, without its token; empty for any other body.
    ///
    /// - Throws: `WebRefusal` with 400.
    package func form() throws(WebRefusal) -> [WebField] {
        guard mediaType == Self.formType else { return [] }
        return try WebTarget.parameters(String(decoding: body, as: UTF8.self)).filter { $0.name != OriginCheck.field }
    }

    /// What decides about rights or about where the request is for, and so occurs once.
    private static let single: Set<String> = [
        "host", "authorization", "origin", "sec-fetch-site", "content-length", "content-type", "transfer-encoding", "if-none-match",
        "idempotency-key",
    ]

    /// - Throws: `WebRefusal` for a request that contradicts itself or is too large.
    package func check() throws(WebRefusal) {
        for (position, field) in headers.enumerated() where headers[..<position].contains(where: { $0.name == field.name }) {
            if Self.single.contains(field.name) { throw WebRefusal(400, "the header \(field.name) is given twice") }
        }
        if header("content-length") != nil, header("transfer-encoding") != nil {
            throw WebRefusal(400, "the length of the body is given in two ways")
        }
    }
}

extension WebRequest {
    /// Takes a request over from the library, within its handler.
    init(_ pointer: UnsafeMutableRawPointer) throws(WebRefusal) {
        let target = try WebTarget(parsing: String(cString: celery_web_target(pointer)))
        guard celery_web_is_too_long(pointer) == 0 else { throw WebRefusal(413, "the body is too long") }
        let fields = try Self.fields(pointer)
        var count = 0
        let body = celery_web_body(pointer, &count).map { [UInt8](UnsafeRawBufferPointer(start: $0, count: count)) } ?? []
        var peer = celery_web_peer()
        celery_web_find_peer(pointer, &peer)
        self.init(String(cString: celery_web_method(pointer)), target, headers: fields, body: body, peer: WebPeer(peer))
        try check()
    }

    private static func fields(_ pointer: UnsafeMutableRawPointer) throws(WebRefusal) -> [WebField] {
        let most = Int(CELERY_WEB_FIELDS)
        let read = withUnsafeTemporaryAllocation(of: celery_web_field.self, capacity: most) { buffer -> [WebField]? in
            let count = celery_web_fields(pointer, buffer.baseAddress!)
            guard count <= most else { return nil }
            return buffer[..<count].map { WebField(String(cString: $0.name).lowercased(), String(cString: $0.value)) }
        }
        guard let read else { throw WebRefusal(431, "there are more than \(most) header lines") }
        return read
    }
}
