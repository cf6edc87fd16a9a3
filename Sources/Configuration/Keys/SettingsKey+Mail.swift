import CeleryCore

extension SettingsKey {
    /// The settings of mails to the administrators.
    package static let mailKeys: [SettingsKey] = [
        SettingsKey(
            "ADMINS", .admins, default: "[]",
            """
            Who is sent mail about failed tasks, dead letters and lost workers: a list of addresses, or of pairs such as \
            ["Ann", "ann@example.com"]. Without any, no mail is sent.
            """
        ) { $0.settings.mail.admins = $1 },
        SettingsKey(
            "CELERY_ADMIN_WEBHOOK", .webhook, default: nil,
            """
            URL that gets what ADMINS are told as JSON by POST, beside the mail or instead of it: text, which chats show, event, task, id, \
            error, message, count and others. Signed if CELERY_HTTP_KEYS has a key for its host; offered again until it is taken.
            """
        ) { $0.settings.mail.webhook = $1 },
        SettingsKey(
            "SEND_CELERY_TASK_ERROR_EMAILS", aliases: ["CELERY_SEND_TASK_ERROR_EMAILS"], .truth, default: "true",
            "Whether workers tell ADMINS and CELERY_ADMIN_WEBHOOK of failures. A task with disable_error_emails is left out."
        ) { $0.settings.mail.isWanted = $1 },
        SettingsKey("SERVER_EMAIL", .address, default: "\"celery@localhost\"", "Address from which mail is sent.") { $0.settings.mail.sender = $1 },
        SettingsKey("EMAIL_SUBJECT_PREFIX", .text, default: "\"\"", "Text before the subject of each mail.") { $0.settings.mail.subjectPrefix = $1 },
        SettingsKey(
            "EMAIL_HOST", .text, default: nil,
            "SMTP server for mail, which libcurl reaches (package libcurl4). The default is the sendmail program of the machine, or localhost if it has none."
        ) { $0.settings.mail.host = $1.isEmpty ? nil : $1 },
        SettingsKey("EMAIL_PORT", .whole(1...65_535), default: "25", "Port of the SMTP server.") { $0.settings.mail.port = $1 },
        SettingsKey("EMAIL_HOST_USER", .text, default: "\"\"", "User name at the SMTP server; none by default.") {
            $0.settings.mail.user = $1.isEmpty ? nil : $1
        },
        SettingsKey(
            "EMAIL_HOST_PASSWORD", .text, default: "\"\"", "Password at the SMTP server. The settings file should be readable by its owner alone then."
        ) { $0.settings.mail.password = $1.isEmpty ? nil : $1 },
        SettingsKey(
            "EMAIL_USE_TLS", .truth, default: "false", "Whether to encrypt the connection by STARTTLS; a server that cannot gets no mail."
        ) { $0.settings.mail.usesTLS = $1 },
        SettingsKey(
            "EMAIL_USE_SSL", .truth, default: "false", "Whether the connection is encrypted from its beginning, as on port 465."
        ) { $0.settings.mail.usesSSL = $1 },
        SettingsKey("EMAIL_TIMEOUT", .duration, default: "10", "Seconds that the SMTP server may take for a mail.") {
            $0.settings.mail.timeout = $1 ?? 10
        },
        SettingsKey(
            "CELERY_MAIL_HOURLY_LIMIT", .whole(1...10_000), default: "20",
            "Number of mails in an hour at most, for all workers of a machine with one spool. What has to wait is told in a later mail."
        ) { $0.settings.mail.hourlyLimit = $1 },
        SettingsKey(
            "CELERY_MAIL_SPOOL", .path, default: "\"celery.mail\"",
            "Folder of notices and mails that wait to be sent, relative to the folder of the settings file. Workers that share it send one mail for all."
        ) { $0.settings.mail.spool = $0.absolute($1) },
    ]
}

extension SettingsKind where Value == HTTPAddress {
    fileprivate static let webhook = SettingsKind(name: "URL") { input throws(SettingsComplaint) in
        let text = try SettingsKind<String>.text.read(input)
        do throws(HTTPAddressError) {
            return try HTTPAddress(text)
        } catch {
            throw SettingsComplaint(error.text)
        }
    }
}

extension SettingsKind where Value == String {
    fileprivate static let address = SettingsKind(name: "address") { input throws(SettingsComplaint) in
        let text = try SettingsKind.text.read(input)
        guard MailSettings.isAddress(text) else { throw SettingsComplaint("must be an address such as \"celery@example.com\", not \(input.shown)") }
        return text
    }
}

extension SettingsKind where Value == [MailSettings.Admin] {
    fileprivate static let admins = SettingsKind(name: "list of addresses, or of pairs of name and address") { input throws(SettingsComplaint) in
        guard case .list(let elements) = input else {
            throw SettingsComplaint("must be a list such as [[\"Ann\", \"ann@example.com\"]], not \(input.shown)")
        }
        var admins: [MailSettings.Admin] = []
        for element in elements {
            let parts: [SettingsInput] = if case .list(let parts) = element { parts } else { [element] }
            guard 1...2 ~= parts.count, case .text(let address)? = parts.last, case .text(let name) = parts.count == 2 ? parts[0] : .text("") else {
                throw SettingsComplaint("must contain addresses, or pairs such as [\"Ann\", \"ann@example.com\"], not \(element.shown)")
            }
            guard MailSettings.isAddress(address) else { throw SettingsComplaint("contains \"\(address.forLog)\", which is no address") }
            admins.append(MailSettings.Admin(name: name.inOneLine, address: address))
        }
        return admins
    }
}
