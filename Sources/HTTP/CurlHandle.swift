import CCurl
import Glibc

/// An easy handle of libcurl, and what one request at a time needs beside it.
///
/// Not for several threads at once. The corresponding C type is `CURL`.
final class CurlHandle {
    let pointer: UnsafeMutableRawPointer
    private let exchange: UnsafeMutablePointer<celery_curl_exchange>
    /// The context of the exchange's callback, which only borrows it.
    private var permission: Permission?
    private var keepsHeaders = false

    /// What the callback asks.
    private final class Permission {
        let permits: @Sendable ([UInt8]) -> Bool
        init(_ permits: @escaping @Sendable ([UInt8]) -> Bool) { self.permits = permits }
    }

    /// The most bytes of a head that are kept.
    private static let headLimit = 64 << 10

    /// - Throws: `HTTPError.Code.noLibrary`.
    ///
    /// The corresponding C function is `curl_easy_init`.
    init() throws(HTTPError) {
        guard celery_curl_load() == 0, let pointer = celery_curl_open() else { throw .noLibrary }
        self.pointer = pointer
        exchange = .allocate(capacity: 1)
        exchange.initialize(to: celery_curl_exchange())
    }

    deinit {
        celery_curl_close(pointer)
        celery_curl_clear(exchange)
        exchange.deallocate()
    }

    /// Sets all that libcurl has to know of a request. The request before it must have ended, and been cleared.
    ///
    /// - Parameter budget: Counts the bytes received by several requests.
    func prepare(
        _ request: HTTPRequest, budget: UnsafeMutablePointer<celery_curl_budget>? = nil
    ) throws(HTTPError) {
        exchange.pointee.body.limit = request.bodyLimit
        exchange.pointee.budget = budget
        keepsHeaders = request.keepsHeaders
        if keepsHeaders { exchange.pointee.head.limit = Self.headLimit }
        permission = request.permitsAddress.map(Permission.init)
        if let permission {
            exchange.pointee.context = Unmanaged.passUnretained(permission).toOpaque()
            exchange.pointee.permits = { context, address, count in
                guard let context, let address else { return 0 }
                let permission = Unmanaged<Permission>.fromOpaque(context).takeUnretainedValue()
                return permission.permits(Array(UnsafeBufferPointer(start: address, count: count))) ? 1 : 0
            }
        }
        set(CELERY_CURL_NO_SIGNAL, 1)
        set(CELERY_CURL_PATH_AS_IS, 1)
        // http and https, and nothing else that libcurl may have learnt.
        set(CELERY_CURL_PROTOCOLS, 3)
        set(CELERY_CURL_USER_AGENT, "celery")
        set(CELERY_CURL_URL, request.url)
        set(CELERY_CURL_CUSTOM_REQUEST, request.method)
        set(CELERY_CURL_CONNECT_TIMEOUT_MS, Self.milliseconds(request.connectTimeout))
        set(CELERY_CURL_TIMEOUT_MS, Self.milliseconds(request.timeout))
        if request.ignoresProxies { set(CELERY_CURL_PROXY, "") }
        if let path = request.unixSocket { set(CELERY_CURL_UNIX_SOCKET_PATH, path) }
        if let user = request.user {
            set(CELERY_CURL_HTTP_AUTH, 1)
            set(CELERY_CURL_USER_NAME, user)
            set(CELERY_CURL_PASSWORD, request.password ?? "")
        }
        if let file = request.authorityFile { set(CELERY_CURL_CA_FILE, file) }
        if let body = request.body {
            set(CELERY_CURL_POST_FIELD_SIZE, body.count)
            // A zero at the end gives an empty body a place too.
            (body.map(CChar.init(bitPattern:)) + [0]).withUnsafeBufferPointer {
                _ = celery_curl_set_text(pointer, Int32(CELERY_CURL_COPIED_POST_FIELDS), $0.baseAddress!)
            }
        }
        // An empty Expect keeps libcurl from asking first whether a body is welcome, which takes a second.
        let lines = request.headers.map { "\($0.name): \($0.value)" } + ["Expect:"]
        let pointers = lines.map { UnsafePointer<CChar>(strdup($0)) }
        defer { for pointer in pointers { free(UnsafeMutablePointer(mutating: pointer)) } }
        let code = celery_curl_prepare(pointer, pointers, pointers.count, exchange)
        if code != 0 { throw HTTPError(curl: code, meaning(code)) }
    }

    /// The answer to the request, which has ended with this `CURLcode`.
    ///
    /// - Throws: `HTTPError` when there is none.
    func answer(_ code: Int32) throws(HTTPError) -> HTTPAnswer {
        guard code == 0 else {
            if exchange.pointee.is_refused != 0 { throw HTTPError(.forbidden, "its address is not permitted") }
            let said = withUnsafeBytes(of: &exchange.pointee.problem) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            throw HTTPError(curl: code, said.isEmpty ? meaning(code) : said)
        }
        var answer = HTTPAnswer(status: celery_curl_status(pointer), body: Self.bytes(exchange.pointee.body))
        if keepsHeaders {
            guard let headers = HTTPAnswer.headers(in: Self.bytes(exchange.pointee.head)) else {
                throw HTTPError(.unreachable, "the answer ends in its head")
            }
            answer.headers = headers
        }
        return answer
    }

    /// Frees what was received, and forgets the request.
    func clear() {
        celery_curl_reset(pointer)
        celery_curl_clear(exchange)
        permission = nil
    }

    private static func bytes(_ answer: celery_curl_answer) -> [UInt8] {
        [UInt8](UnsafeRawBufferPointer(start: answer.bytes, count: answer.count))
    }

    private func meaning(_ code: Int32) -> String { celery_curl_meaning(code).map { String(cString: $0) } ?? "" }

    private func set(_ option: Int, _ text: String) { _ = celery_curl_set_text(pointer, Int32(option), text) }

    private func set(_ option: Int, _ number: Int) { _ = celery_curl_set_number(pointer, Int32(option), number) }

    private static func milliseconds(_ duration: Duration) -> Int {
        let (seconds, rest) = duration.components
        return max(1, min(Int(Int32.max), Int(min(seconds, 1 << 40)) * 1000 + Int(rest / 1_000_000_000_000_000)))
    }
}
