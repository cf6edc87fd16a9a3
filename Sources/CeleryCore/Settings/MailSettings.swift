/// How the administrators are told of failures: ADMINS and the settings of mail.
package struct MailSettings: Sendable, Equatable {
    /// ADMINS; none sends no mail.
    package var admins: [Admin] = []
    /// CELERY_ADMIN_WEBHOOK: gets each notice as JSON.
    package var webhook: HTTPAddress?
    /// SEND_CELERY_TASK_ERROR_EMAILS.
    package var isWanted = true
    /// The sender of the mails.
    package var sender = "celery@localhost"
    package var subjectPrefix = ""
    /// The SMTP server; `nil` uses the machine's `sendmail`.
    package var host: String?
    package var port = 25
    package var user: String?
    package var password: String?
    /// STARTTLS.
    package var usesTLS = false
    /// TLS from the beginning.
    package var usesSSL = false
    /// Seconds that the server may take for a mail.
    package var timeout = 10.0
    /// Mails in an hour at most.
    package var hourlyLimit = 20
    /// The folder of mails and notices that wait, absolute.
    package var spool: String

    package struct Admin: Sendable, Hashable {
        /// May be empty.
        package var name: String
        package var address: String

        package init(name: String, address: String) {
            self.name = name
            self.address = address
        }
    }

    package init(spool: String) { self.spool = spool }

    /// Whether the administrators are told anything, by mail or otherwise.
    package var isOn: Bool { isWanted && (!admins.isEmpty || webhook != nil) }

    /// Whether a text can be the address of a mail: two parts without blanks, brackets and control characters.
    package static func isAddress(_ text: String) -> Bool {
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        return parts.count == 2 && parts.allSatisfy { !$0.isEmpty } && text.utf8.count <= 254
            && text.utf8.allSatisfy { (0x21...0x7E).contains($0) && !"<>()[],;:\\\"".utf8.contains($0) }
    }
}
