import CCurl

/// Why a request got no answer.
package struct HTTPError: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Code: Sendable, Hashable {
        /// libcurl is not on this machine.
        case noLibrary
        /// Nobody answers there, or not to the end.
        case unreachable
        /// It took longer than it may.
        case timedOut
        /// The certificate of the server is not one to be trusted, or the file of authorities is no such file.
        case untrusted
        /// The URL cannot be used.
        case badURL
        /// Somebody answers, but not in HTTP.
        case notHTTP
        /// The host has no address that the request permits.
        case forbidden
        /// The answer is longer than we take.
        case tooLong
    }

    package var code: Code
    /// What is wrong, in libcurl's words.
    package var message: String
    /// libcurl's own number, if it comes from there.
    package var number: Int32 = 0

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    static let noLibrary = HTTPError(.noLibrary, "libcurl is not installed")

    /// From a `CURLcode`.
    init(curl number: Int32, _ words: String) {
        self.number = number
        message = words.prefix(1).lowercased() + words.dropFirst()
        code = switch Int(number) {
        case CELERY_CURL_UNSUPPORTED_PROTOCOL, CELERY_CURL_STRANGE_ANSWER: .notHTTP
        case CELERY_CURL_BAD_URL: .badURL
        case CELERY_CURL_TIMED_OUT: .timedOut
        case CELERY_CURL_BAD_CLIENT_CERTIFICATE, CELERY_CURL_BAD_CERTIFICATE,
            CELERY_CURL_BAD_CA_FILE: .untrusted
        case CELERY_CURL_TOO_LONG: .tooLong
        default: .unreachable
        }
    }

    package var description: String { message }
}
