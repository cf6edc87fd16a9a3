/// The header lines of every answer.
package enum StrictHeaders {
    private static let fields = [
        // Scripts and styles are files of our own; nothing comes from elsewhere, and nobody puts us into a frame.
        WebField(
            "Content-Security-Policy",
            "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"),
        WebField("X-Content-Type-Options", "nosniff"),
        WebField("X-Frame-Options", "DENY"),
        WebField("Referrer-Policy", "no-referrer"),
        WebField("Cross-Origin-Opener-Policy", "same-origin"),
        WebField("Cross-Origin-Resource-Policy", "same-origin"),
        WebField("Cache-Control", "no-store"),
        WebField("Server", "celery"),
    ]

    /// The answer with those lines that it does not set itself.
    package static func applied(to response: WebResponse) -> WebResponse {
        var response = response
        response.headers.reserveCapacity(response.headers.count + fields.count)
        for field in fields { response.add(field) }
        return response
    }
}
