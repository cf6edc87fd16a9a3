import CeleryCore

/// Checks that an action was asked for by a page of this server, and not by one of another site in the same browser.
///
/// In this order, as in Flower 2.2: what the browser says of the site (Sec-Fetch-Site), else of the page (Origin), else a token
/// that only our pages know.
package struct OriginCheck: Sendable {
    private let key: [UInt8]

    /// The header line, and the name of the field in a form, that carry the token.
    package static let header = "x-celery-token"
    package static let field = "_token"

    package init() {
        var random = SystemRandomNumberGenerator()
        key = (0..<32).map { _ in UInt8.random(in: 0...255, using: &random) }
    }

    /// The token for the forms of somebody.
    package func token(for identity: WebIdentity) -> String { Hexadecimal.text(HMAC.code(of: identity.name.utf8, key: key)) }

    /// - Throws: `WebRefusal` with 403.
    package func check(_ request: WebRequest, _ identity: WebIdentity) throws(WebRefusal) {
        // No browser sends a bearer token by itself, and none comes by a Unix socket.
        if identity.isBearer || request.peer.isByFile { return }
        if let site = request.header("sec-fetch-site") {
            guard site == "same-origin" else { throw WebRefusal(403, "an action of another site is refused") }
            return
        }
        if let origin = request.header("origin") {
            guard let place = Self.place(of: origin), place == request.header("host")?.lowercased() else {
                throw WebRefusal(403, "an action of another site is refused")
            }
            return
        }
        let given = request.header(Self.header) ?? Self.formToken(request) ?? ""
        guard HMAC.isEqual(Array(given.utf8), Array(token(for: identity).utf8)) else {
            throw WebRefusal(
                403, "nothing proves that this is no action of another site; a program sends a bearer token, or the header Sec-Fetch-Site: same-origin")
        }
    }

    /// Host and port of an origin, as in a Host header.
    static func place(of origin: String) -> String? {
        for scheme in ["http://", "https://"] where origin.hasPrefix(scheme) {
            let place = origin.dropFirst(scheme.count)
            return place.isEmpty || place.utf8.contains(UInt8(ascii: "/")) ? nil : place.lowercased()
        }
        return nil
    }

    private static func formToken(_ request: WebRequest) -> String? {
        guard request.mediaType == WebRequest.formType else { return nil }
        let text = String(decoding: request.body, as: UTF8.self)
        return (try? WebTarget.parameters(text))?.first { $0.name == field }?.value
    }
}
