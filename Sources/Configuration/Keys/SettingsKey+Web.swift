import CeleryCore

extension SettingsKey {
    /// The settings of `celery web`.
    package static let webKeys: [SettingsKey] = [
        SettingsKey(
            "CELERY_WEB_BIND", .webAddress, default: "\"127.0.0.1:5555\"",
            """
            Where celery web listens: ADDRESS:PORT, or unix:PATH with a path relative to the folder of the settings file. An \
            address that other machines can reach requires CELERY_WEB_AUTH.
            """
        ) { draft, address in
            if case .file(let path) = address { draft.settings.web.address = .file(draft.absolute(path)) } else { draft.settings.web.address = address }
        },
        SettingsKey(
            "CELERY_WEB_AUTH", .path, default: nil,
            """
            The file of users and tokens of celery web, relative to the folder of the settings file; only its owner may be able \
            to write it. Without the file, only the user that runs celery web can use it, from this machine.
            """
        ) { $0.settings.web.credentials = $0.absolute($1) },
        SettingsKey(
            "CELERY_WEB_READ_ONLY", .truth, default: "false", "Whether celery web refuses every action."
        ) { $0.settings.web.isReadOnly = $1 },
        SettingsKey(
            "CELERY_WEB_PUBLIC_STATUS", .truth, default: "false",
            "Whether celery web shows the status of a task to everybody who knows its id."
        ) { $0.settings.web.showsStatusToAll = $1 },
        SettingsKey(
            "CELERY_WEB_PUBLIC_RATE", .whole(0...1_000_000), default: "20",
            """
            Requests per second that one address may make without credentials; 0 sets no limit. Behind a proxy, which \
            makes all requests, the proxy should limit them.
            """
        ) { $0.settings.web.publicRate = $1 },
        SettingsKey(
            "CELERY_WEB_APPLY", .patterns, default: "[]",
            """
            Tasks that may be submitted to celery web by a token bound to them: names and patterns such as "shop.*", where * stands \
            for any text. Tasks of Celery itself, celery.*, can never be submitted.
            """
        ) { $0.settings.web.submissions = $1 },
        SettingsKey(
            "CELERY_WEB_APPLY_RATE", .whole(0...1_000_000), default: "50",
            "Requests per second that one token may make to submit tasks; 0 sets no limit."
        ) { $0.settings.web.submissionRate = $1 },
        SettingsKey(
            "CELERY_WEB_HIDE_RESULTS", .truth, default: "false",
            "Whether the status URL leaves out return values, errors and texts of progress."
        ) { $0.settings.web.hidesResults = $1 },
        SettingsKey(
            "CELERY_WEB_HOSTS", .list(of: .text), default: "[]",
            "Names by which browsers may call celery web, besides localhost and addresses: that of a proxy, for example."
        ) { $0.settings.web.hosts = $1 },
        SettingsKey(
            "CELERY_WEB_ORIGINS", .list(of: .origin), default: "[]",
            "Origins, such as \"https://shop.example\", whose pages may read the status URL (CORS)."
        ) { $0.settings.web.origins = $1 },
        SettingsKey(
            "CELERY_WEB_CONNECTIONS", .whole(16...100_000), default: "2000", "Maximum number of connections of celery web."
        ) { $0.settings.web.connections = $1 },
        SettingsKey(
            "CELERY_WEB_CERTIFICATE", .path, default: nil,
            "PEM file with the certificate chain of celery web, relative to the folder of the settings file; serves HTTPS."
        ) { $0.settings.web.certificate = $0.absolute($1) },
        SettingsKey(
            "CELERY_WEB_KEY", .path, default: nil, "PEM file with the key of CELERY_WEB_CERTIFICATE."
        ) { $0.settings.web.key = $0.absolute($1) },
        SettingsKey(
            "CELERY_WEB_LOG_FILE", .path, default: "\"celeryweb.log\"",
            "Log file of a detached celery web, relative to the folder of the settings file."
        ) { $0.settings.web.logFile = $0.absolute($1) },
        SettingsKey(
            "CELERY_WEB_LOG_LEVEL", .logLevel, default: "\"INFO\"",
            "Lowest severity that celery web logs: DEBUG, INFO, WARNING (or WARN), ERROR, CRITICAL (or FATAL)."
        ) { $0.settings.web.logLevel = $1 },
        SettingsKey(
            "CELERY_WEB_PID_FILE", .path, default: "\"celeryweb.pid\"",
            "File with the process id of celery web, relative to the folder of the settings file."
        ) { $0.settings.web.pidFile = $0.absolute($1) },
    ]
}

extension SettingsKind where Value == [SubmissionPattern] {
    fileprivate static let patterns = SettingsKind(name: "list of texts") { input throws(SettingsComplaint) in
        var patterns: [SubmissionPattern] = []
        for text in try SettingsKind<[String]>.list(of: .text).read(input) {
            guard let pattern = SubmissionPattern(text) else {
                throw SettingsComplaint(
                    "contains \"\(text.forLog)\", which is no pattern; write names of tasks such as \"mail.send\", with * for any text as in \"shop.*\"")
            }
            patterns.append(pattern)
        }
        return patterns
    }
}

extension SettingsKind where Value == WebAddress {
    fileprivate static let webAddress = SettingsKind(name: "address") { input throws(SettingsComplaint) in
        let text = try SettingsKind<String>.text.read(input)
        guard let address = WebAddress(text) else {
            throw SettingsComplaint("must be ADDRESS:PORT with a numeric address, or unix:PATH, not \(input.shown)")
        }
        return address
    }
}

extension SettingsKind where Value == String {
    /// Scheme, host and perhaps port of a site.
    fileprivate static let origin = SettingsKind(name: "origin") { input throws(SettingsComplaint) in
        let text = try SettingsKind.text.read(input)
        let rest = ["https://", "http://"].first(where: text.hasPrefix).map { text.dropFirst($0.count) } ?? ""
        guard !rest.isEmpty, rest.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "*") }) else {
            throw SettingsComplaint("must be an origin such as \"https://shop.example\", not \(input.shown)")
        }
        return text
    }
}
