import Arguments

/// Options of `celery rabbit-setup`.
enum RabbitSetupOptions {
    static let user = Option.value(
        "user", placeholder: "U", .brokerName,
        help: "The user that workers and clients will be; by default the one of the broker URL in the settings, or celery.")
    static let password = Option.value(
        "password", placeholder: "P", .password,
        help: "The user's password. Anyone on this machine can read it while the command runs; --password-file keeps it to you.")
    static let passwordFile = Option.value(
        "password-file", placeholder: "FILE", .nonEmptyText,
        help: "Read the user's password from the first line of FILE, or of standard input if FILE is -.", completion: .file)
    static let vhost = Option.value(
        "vhost", placeholder: "V", .brokerName,
        help: "The virtual host; by default the one of the broker URL in the settings, or celery.")
    static let queues = Option.value(
        "queues", short: "Q", placeholder: "A,B", .commaSeparated(.queueName),
        help: "Make these queues, beside the default queue.", settings: ["CELERY_QUEUES"], completion: .queue)
    static let quorum = Option.flag(
        "quorum", help: "Make quorum queues, which keep their messages on several nodes of a cluster, instead of classic ones.")
    static let api = Option.value(
        "api", placeholder: "URL", .nonEmptyText,
        help: "Use the management API at URL, as http://ADMIN:PASSWORD@localhost:15672, instead of rabbitmqctl.",
        environment: "CELERY_RABBIT_API")
    static let adminUser = Option.value(
        "admin-user", placeholder: "U", .brokerName, help: "The administrator at the management API, when the URL does not name one.")
    static let adminPasswordFile = Option.value(
        "admin-password-file", placeholder: "FILE", .nonEmptyText,
        help: "Read the administrator's password from the first line of FILE.", completion: .file)
    static let apiAuthority = Option.value(
        "api-ca", placeholder: "FILE", .nonEmptyText,
        help: "Trust a management API at https:// whose certificate comes from an authority in this PEM file.", completion: .file)
    static let control = Option.value(
        "rabbitmqctl", placeholder: "PATH", .nonEmptyText,
        help: "Use this rabbitmqctl; by default the one on PATH or in /usr/sbin.", completion: .file)
    static let dryRun = Option.flag(
        "dry-run", help: "Ask and change nothing: print the commands, or HTTP requests, that set up a broker that has nothing yet.")

    static let all = [
        user.description, password.description, passwordFile.description, vhost.description, queues.description,
        quorum.description, control.description, api.description, adminUser.description, adminPasswordFile.description,
        apiAuthority.description, dryRun.description,
    ]
}

extension ValueParser where Value == String {
    /// A name that RabbitMQ takes for a user or virtual host.
    static var brokerName: Self {
        Self { (text) throws(InvalidValue) in
            if let mistake = SetupWish.mistake(in: text) { throw InvalidValue(mistake) }
            return text
        }
    }

    /// A password that fits into a line.
    static var password: Self {
        Self { (text) throws(InvalidValue) in
            // Not by InvalidValue's way: its message would quote the password.
            guard SetupWish.mistake(in: text) == nil else { return "" }
            return text
        }
    }
}
