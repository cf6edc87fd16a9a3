import CeleryCore

/// The lines of `celery.toml` for a worker that uses the broker.
struct SettingsLines: Sendable {
    /// Names and values, in the order of the original README.
    let settings: JSONObject
    /// One line for each setting; a comment for an unknown password.
    let entries: [(name: String, line: String)]

    var lines: [String] { entries.map(\.line) }

    init(_ wish: SetupWish, listener: BrokerSurvey.Listener?, host: String, password: Secret?) {
        let host = wish.host ?? host
        var settings = JSONObject()
        if listener?.usesTLS == true {
            // The original's settings cannot express TLS.
            let url = ServiceURL(
                scheme: "amqps", user: wish.user, password: password?.text ?? "PASSWORD", host: host,
                port: wish.port ?? listener?.port, path: "/" + wish.vhost)
            settings["CELERY_BROKER_URL"] = .string(url.text)
        } else {
            settings["AMQP_SERVER"] = .string(host)
            settings["AMQP_PORT"] = .int(Int64(wish.port ?? listener?.port ?? 5672))
            settings["AMQP_USER"] = .string(wish.user)
            if let password { settings["AMQP_PASSWORD"] = .string(password.text) }
            settings["AMQP_VHOST"] = .string(wish.vhost)
        }
        if wish.namesQueues { settings["CELERY_QUEUES"] = .array(wish.queues.map { .string($0.name) }) }
        if wish.isQuorum { settings["CELERY_DEFAULT_QUEUE_TYPE"] = "quorum" }
        self.settings = settings
        var entries: [(name: String, line: String)] = []
        for (name, value) in settings.members {
            entries.append((name, "\(name) = \(Self.toml(value))"))
            if name == "AMQP_USER", password == nil {
                entries.append(("AMQP_PASSWORD", "# AMQP_PASSWORD = the password of \(wish.user)"))
            }
        }
        self.entries = entries
    }

    private static func toml(_ value: JSON) -> String {
        switch value {
        case .array(let elements): "[" + elements.map(toml).joined(separator: ", ") + "]"
        case .string(let text): quoted(text)
        default: value.text()
        }
    }

    /// The text as a basic string of TOML.
    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": quoted += "\\\(scalar)"
            case "\t": quoted += "\\t"
            case _ where scalar.value < 0x20 || scalar.value == 0x7F:
                let digits = String(scalar.value, radix: 16, uppercase: true)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
