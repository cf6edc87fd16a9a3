// HTTP and HTTPS as a client, upon libcurl. The library is loaded on first use; the only room that sees its pointers.

import CCurl
import Glibc

/// Sends requests, one after the other, over a connection that is kept between them. Blocks.
///
/// Not for several threads at once: each takes a client of its own.
package final class HTTPClient {
    private let handle: UnsafeMutableRawPointer

    /// - Throws: `HTTPError.Code.noLibrary`.
    ///
    /// The corresponding C function is `curl_easy_init`.
    package init() throws(HTTPError) {
        guard celery_curl_load() == 0, let handle = celery_curl_open() else {
            throw HTTPError(.noLibrary, "libcurl is not installed")
        }
        self.handle = handle
    }

    deinit { celery_curl_close(handle) }

    /// Sends a request and waits for its answer, whatever its status.
    ///
    /// - Throws: `HTTPError` when there is no answer.
    ///
    /// The corresponding C function is `curl_easy_perform`.
    package func perform(_ request: HTTPRequest) throws(HTTPError) -> HTTPAnswer {
        celery_curl_reset(handle)
        set(CELERY_CURL_NO_SIGNAL, 1)
        set(CELERY_CURL_PATH_AS_IS, 1)
        // http and https, and nothing else that libcurl may have learnt.
        set(CELERY_CURL_PROTOCOLS, 3)
        set(CELERY_CURL_USER_AGENT, "celery")
        set(CELERY_CURL_URL, request.url)
        set(CELERY_CURL_CUSTOM_REQUEST, request.method)
        set(CELERY_CURL_CONNECT_TIMEOUT_MS, Self.milliseconds(request.connectTimeout))
        set(CELERY_CURL_TIMEOUT_MS, Self.milliseconds(request.timeout))
        if let user = request.user {
            set(CELERY_CURL_HTTP_AUTH, 1)
            set(CELERY_CURL_USER_NAME, user)
            set(CELERY_CURL_PASSWORD, request.password ?? "")
        }
        if let file = request.authorityFile { set(CELERY_CURL_CA_FILE, file) }
        // An empty Expect keeps libcurl from asking first whether a body is welcome, which takes a second.
        let lines = request.headers.map { "\($0.name): \($0.value)" } + ["Expect:"]
        guard let body = request.body else { return try send(lines) }
        set(CELERY_CURL_POST_FIELD_SIZE, body.count)
        // Not copied: it stays in place until the request is done. A zero at the end gives an empty body a place too.
        return try (body.map(CChar.init(bitPattern:)) + [0]).withUnsafeBufferPointer { (bytes) throws(HTTPError) in
            celery_curl_set_text(handle, Int32(CELERY_CURL_POST_FIELDS), bytes.baseAddress!)
            return try send(lines)
        }
    }

    private func send(_ lines: [String]) throws(HTTPError) -> HTTPAnswer {
        let pointers = lines.map { UnsafePointer<CChar>(strdup($0)) }
        defer { for pointer in pointers { free(UnsafeMutablePointer(mutating: pointer)) } }
        var answer = celery_curl_answer(bytes: nil, count: 0, limit: 64 << 20)
        defer { free(answer.bytes) }
        var problem = [CChar](repeating: 0, count: 256)
        let code = celery_curl_perform(handle, pointers, pointers.count, &answer, &problem)
        guard code == 0 else {
            let said = String(decoding: problem.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
            let words = said.isEmpty ? celery_curl_meaning(code).map { String(cString: $0) } ?? "" : said
            throw HTTPError(curl: code, words)
        }
        let bytes = UnsafeRawBufferPointer(start: answer.bytes, count: answer.count)
        return HTTPAnswer(status: celery_curl_status(handle), body: [UInt8](bytes))
    }

    private func set(_ option: Int, _ text: String) {
        celery_curl_set_text(handle, Int32(option), text)
    }

    private func set(_ option: Int, _ number: Int) {
        celery_curl_set_number(handle, Int32(option), number)
    }

    private static func milliseconds(_ duration: Duration) -> Int {
        max(1, Int(duration.components.seconds * 1000 + duration.components.attoseconds / 1_000_000_000_000_000))
    }
}
