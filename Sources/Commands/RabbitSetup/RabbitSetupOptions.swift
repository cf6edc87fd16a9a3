import Arguments

/// Options of `celery rabbit-setup`.
enum RabbitSetupOptions {
    static let user = Option.value(
        "user", placeholder: "U", .brokerName,
        help: "The user for workers and clients; by default the user in the broker URL of the settings, or celery.")
    static let password = Option.value(
        "password", placeholder: "P", .password,
        help: "The user's password. Other users of this machine can read the command line; --password-file avoids this.")
    static let passwordFile = Option.value(
        "password-file", placeholder: "FILE", .nonEmptyText,
        help: "Read the user's password from the first line of FILE, or of standard input if FILE is -.", completion: .file)
    static let vhost = Option.value(
        "vhost", placeholder: "V", .brokerName,
        help: "The virtual host; by default the one in the broker URL of the settings, or celery.")
    static let queues = Option.value(
        "queues", short: "Q", placeholder: "A,B", .commaSeparated(.queueName),
        help: "Create these queues in addition to the default queue.", settings: ["CELERY_QUEUES"], completion: .queue)
    static let quorum = Option.flag(
        "quorum", help: "Create quorum queues, which store messages on several nodes of a cluster, instead of classic queues.")
    static let api = Option.value(
        "api", placeholder: "URL", .nonEmptyText,
        help: "Use the management API at URL, as http://ADMIN:PASSWORD@localhost:15672, instead of rabbitmqctl.",
        environment: "CELERY_RABBIT_API")
    static let adminUser = Option.value(
        "admin-user", placeholder: "U", .brokerName, help: "The administrator for the management API, if the URL does not name one.")
    static let adminPasswordFile = Option.value(
        "admin-password-file", placeholder: "FILE", .nonEmptyText,
        help: "Read the administrator's password from the first line of FILE.", completion: .file)
    static let apiAuthority = Option.value(
        "api-ca", placeholder: "FILE", .nonEmptyText,
        help: "Trust the certificate authorities in this PEM file for a management API at https://.", completion: .file)
    static let control = Option.value(
        "rabbitmqctl", placeholder: "PATH", .nonEmptyText,
        help: "Use this rabbitmqctl; by default the one on PATH or in /usr/sbin.", completion: .file)
    static let dryRun = Option.flag(
        "dry-run", help: "Contact no broker; print the commands or HTTP requests that set up an empty broker.")

    static let all = [
        user.description, password.description, passwordFile.description, vhost.description, queues.description,
        quorum.description, control.description, api.description, adminUser.description, adminPasswordFile.description,
        apiAuthority.description, dryRun.description,
    ]
}

extension ValueParser where Value == String {
    /// A valid name of a user or virtual host of RabbitMQ.
    static var brokerName: Self {
        Self { (text) throws(InvalidValue) in
            if let mistake = SetupWish.mistake(in: text) { throw InvalidValue(mistake) }
            return text
        }
    }

    /// A password of one line. An invalid password is parsed as an empty text.
    static var password: Self {
        Self { (text) throws(InvalidValue) in
            // Do not throw InvalidValue: its message would quote the password.
            guard SetupWish.mistake(in: text) == nil else { return "" }
            return text
        }
    }
}
