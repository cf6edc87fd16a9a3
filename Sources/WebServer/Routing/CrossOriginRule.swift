/// Which pages of other sites may read the status URL.
///
/// Credentials are never allowed: such a page sees what anybody sees.
struct CrossOriginRule: Sendable {
    /// As browsers write them: in lower case, without a final slash.
    private let origins: Set<String>

    init(_ origins: [String]) { self.origins = Set(origins.map { $0.lowercased() }) }

    private static func isOfStatus(_ request: WebRequest) -> Bool {
        let path = request.target.path
        return path.count == 3 && path[0] == "celery" && ["status", "done"].contains(path[2])
    }

    /// The origin, if its pages may read this.
    private func origin(of request: WebRequest) -> String? {
        guard Self.isOfStatus(request), let origin = request.header("origin"), origins.contains(origin.lowercased()) else { return nil }
        return origin
    }

    /// The answer to a browser that asks beforehand; `nil` for any other request.
    func preflight(_ request: WebRequest) -> WebResponse? {
        guard request.method == "OPTIONS", request.header("access-control-request-method") == "GET", let origin = origin(of: request)
        else { return nil }
        return WebResponse(
            204,
            headers: [
                WebField("Access-Control-Allow-Origin", origin), WebField("Access-Control-Allow-Methods", "GET, HEAD"),
                WebField("Access-Control-Allow-Headers", "If-None-Match"), WebField("Access-Control-Max-Age", "600"),
                WebField("Vary", "Origin"),
            ])
    }

    func applied(to response: WebResponse, of request: WebRequest) -> WebResponse {
        guard !origins.isEmpty, Self.isOfStatus(request) else { return response }
        var response = response
        response.add(WebField("Vary", "Origin"))
        guard let origin = origin(of: request) else { return response }
        response.add(WebField("Access-Control-Allow-Origin", origin))
        response.add(WebField("Access-Control-Expose-Headers", "ETag"))
        response.add(WebField("Cross-Origin-Resource-Policy", "cross-origin"))
        return response
    }
}
