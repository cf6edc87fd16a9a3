import CeleryCore
import HTTP
import Mail
import Tasks

/// Posts what the administrators are told to CELERY_ADMIN_WEBHOOK, signed like HTTP tasks. Blocks.
struct AdminWebhook: NoticeDelivery {
    private let address: HTTPAddress
    private let key: [UInt8]?

    /// Seconds for one notice.
    private static let timeout = 10.0

    /// Reads the key of the host. Blocks.
    ///
    /// - Returns: `nil` unless the settings name a URL.
    /// - Throws: `CommandError` for a key that cannot be used.
    init?(_ settings: Settings) throws(CommandError) {
        guard let address = settings.mail.webhook else { return nil }
        self.address = address
        do throws(CommandRefusal) {
            key = try HTTPKeys(settings.httpKeys.filter { $0.key == address.host })[address.host]
        } catch {
            throw CommandError(ExitCode.configuration, "cannot sign notices for CELERY_ADMIN_WEBHOOK: \(error.message)", hint: error.hint)
        }
    }

    /// Without the query, which may be a secret.
    var place: String { address.shown }

    func send(_ notice: [UInt8], named name: String) -> SMTPClient.Failure? {
        var request = HTTPRequest("POST", address.text)
        request.unixSocket = address.socket
        request.ignoresProxies = true
        request.timeout = .seconds(Self.timeout)
        request.bodyLimit = 1 << 20
        request.body = notice
        request.headers = [
            .init("Content-Type", "application/json"), .init("User-Agent", "celery/\(Version.text)"), .init("Celery-Task-Id", name),
            .init("Celery-Attempt", "1"), .init("Idempotency-Key", name),
        ]
        if let key { request.headers.append(HTTPSignature.header(of: request, to: address, id: name, attempt: 1, key, now: .now)) }
        do throws(HTTPError) {
            let answer = try HTTPClient().perform(request)
            guard !answer.isSuccess else { return nil }
            // The server is not down: what it makes of this notice says nothing of others.
            return SMTPClient.Failure(text: "it answers \(answer.status)", isRefusal: answer.status != 429 && answer.status < 500)
        } catch {
            return SMTPClient.Failure(text: error.message)
        }
    }
}
