// HTTP and HTTPS as a client, upon libcurl. The library is loaded on first use; the only room that sees its pointers.

import CCurl

/// Sends requests, one after the other, over a connection that is kept between them. Blocks.
///
/// Not for several threads at once: each takes a client of its own. `HTTPTransfers` has several requests under way at once.
package final class HTTPClient {
    private let handle: CurlHandle

    /// - Throws: `HTTPError.Code.noLibrary`.
    package init() throws(HTTPError) { handle = try CurlHandle() }

    /// Whether libcurl is there.
    package static var isAvailable: Bool { celery_curl_load() == 0 }

    /// Sends a request and waits for its answer, whatever its status.
    ///
    /// - Throws: `HTTPError` when there is no answer.
    ///
    /// The corresponding C function is `curl_easy_perform`.
    package func perform(_ request: HTTPRequest) throws(HTTPError) -> HTTPAnswer {
        defer { handle.clear() }
        try handle.prepare(request)
        return try handle.answer(celery_curl_perform(handle.pointer))
    }
}
