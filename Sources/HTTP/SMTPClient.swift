import CCurl
import Glibc

/// Sends mails by SMTP, upon libcurl. Blocks.
package struct SMTPClient: Sendable {
    package var host: String
    package var port: Int
    package var security: Security
    /// `nil` sends no credentials.
    package var user: String?
    package var password: String?
    /// For one mail, from the connection on.
    package var timeout: Duration

    package enum Security: Sendable, Hashable {
        case none
        /// EMAIL_USE_TLS: the connection is encrypted before anything else is said.
        case startTLS
        /// EMAIL_USE_SSL: encrypted from the beginning.
        case tls
    }

    package init(host: String, port: Int, security: Security, user: String?, password: String?, timeout: Duration) {
        self.host = host
        self.port = port
        self.security = security
        self.user = user
        self.password = password
        self.timeout = timeout
    }

    /// Sends a mail.
    ///
    /// - Parameters:
    ///   - mail: Head and body, with CRLF at the end of each line.
    ///   - recipients: Addresses alone. One that the server refuses does not keep the mail from the others.
    /// - Returns: `nil` when the server has taken it.
    package func send(_ mail: [UInt8], from sender: String, to recipients: [String]) -> Failure? {
        guard celery_curl_load() == 0, let handle = celery_curl_open() else { return Failure(text: "libcurl is not installed") }
        defer { celery_curl_close(handle) }
        func set(_ option: Int, _ text: String) { _ = celery_curl_set_text(handle, Int32(option), text) }
        func set(_ option: Int, _ number: Int) { _ = celery_curl_set_number(handle, Int32(option), number) }
        let name = host.contains(":") ? "[\(host)]" : host
        set(CELERY_CURL_URL, "\(security == .tls ? "smtps" : "smtp")://\(name):\(port)/")
        // smtp and smtps, and nothing else.
        set(CELERY_CURL_PROTOCOLS, 3 << 16)
        set(CELERY_CURL_NO_SIGNAL, 1)
        set(CELERY_CURL_PROXY, "")
        set(CELERY_CURL_UPLOAD, 1)
        // CURLUSESSL_ALL: rather no mail than an open one.
        if security != .none { set(CELERY_CURL_USE_TLS, 3) }
        let milliseconds = max(1, Int(timeout.components.seconds * 1_000 + timeout.components.attoseconds / 1_000_000_000_000_000))
        set(CELERY_CURL_TIMEOUT_MS, milliseconds)
        set(CELERY_CURL_CONNECT_TIMEOUT_MS, milliseconds)
        if let user {
            set(CELERY_CURL_USER_NAME, user)
            set(CELERY_CURL_PASSWORD, password ?? "")
        }
        set(CELERY_CURL_MAIL_FROM, "<\(sender)>")
        let pointers = recipients.map { UnsafePointer<CChar>(strdup("<\($0)>")) }
        defer { for pointer in pointers { free(UnsafeMutablePointer(mutating: pointer)) } }
        var problem = [CChar](repeating: 0, count: 256)
        let code = mail.withUnsafeBytes { bytes in
            celery_curl_mail(handle, pointers, pointers.count, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count, &problem)
        }
        guard code != 0 else { return nil }
        let said = String(decoding: problem.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        let answer = celery_curl_status(handle)
        return Failure(text: said.isEmpty ? celery_curl_meaning(code).map { String(cString: $0) } ?? "error \(code)" : said, isRefusal: 500..<600 ~= answer)
    }

    /// Why a mail was not taken.
    package struct Failure: Sendable, Hashable {
        /// In the words of libcurl or of the server.
        package var text: String
        /// Whether the server refused this mail, so that others may fare better.
        package var isRefusal = false

        package init(text: String, isRefusal: Bool = false) {
            self.text = text
            self.isRefusal = isRefusal
        }
    }
}
