import Arguments
import CeleryCore
import Configuration

extension SetupWish {
    /// Takes the wanted state from the options, and otherwise from the settings.
    init(_ context: CommandContext) throws {
        let arguments = context.arguments
        isQuorum = arguments[RabbitSetupOptions.quorum]
        var flags: [SettingsFlag] = []
        if isQuorum { flags.append(SettingsFlag(option: "--quorum", key: "CELERY_DEFAULT_QUEUE_TYPE", text: "quorum")) }
        if let names = arguments[RabbitSetupOptions.queues] {
            flags.append(SettingsFlag(option: "--queues", key: "CELERY_QUEUES", text: names.joined(separator: ",")))
            namesQueues = true
        }
        let settings = try context.settings(flags)
        let urls = (try? ServiceURL.alternatives(settings.brokerURL)) ?? []
        let broker = urls.first { $0.service == .amqp }
        user = arguments[RabbitSetupOptions.user] ?? broker?.user ?? "celery"
        vhost = arguments[RabbitSetupOptions.vhost] ?? broker?.virtualHost ?? "celery"
        queues = ([settings.defaultQueue] + settings.queues).distinct.map(settings.definition)
        host = broker?.host
        port = broker?.port
        password = .generated(.generated())
        if let broker, let text = broker.password, broker.user == user { password = .fromSettings(Secret(text)) }
        if let secret = try Self.givenPassword(arguments) { password = .given(secret) }
        for name in [user, vhost] {
            if let mistake = Self.mistake(in: name) {
                throw CommandError(ExitCode.configuration, "the name \(ArgumentError.quote(name)) in the broker URL \(mistake)")
            }
        }
    }

    private static func givenPassword(_ arguments: ParsedArguments) throws -> Secret? {
        let (text, file) = (arguments[RabbitSetupOptions.password], arguments[RabbitSetupOptions.passwordFile])
        guard text == nil || file == nil else { throw ArgumentError("--password and --password-file exclude each other") }
        if let file { return try PasswordFile.read(file) }
        guard let text else { return nil }
        // The parser replaces an invalid password by an empty text, so as not to quote it.
        guard !text.isEmpty else { throw ArgumentError("a password must be one line of at most 255 bytes (for --password)") }
        return Secret(text)
    }
}

extension ManagementService {
    /// The API at the URL of `--api`, with the credentials in the URL or in the other options.
    convenience init(_ text: String, _ arguments: ParsedArguments) throws {
        let url: ServiceURL
        do throws(ServiceURLError) {
            url = try ServiceURL(text)
        } catch {
            throw ArgumentError("\(error) (for --api)")
        }
        guard ["http", "https"].contains(url.scheme), url.host != nil else {
            throw ArgumentError(
                "'\(url.redacted)' is not a management API (for --api)", hint: "write it as http://localhost:15672")
        }
        let file = try arguments[RabbitSetupOptions.adminPasswordFile].map(PasswordFile.read)
        guard let name = arguments[RabbitSetupOptions.adminUser] ?? url.user, let password = file ?? url.password.map(Secret.init)
        else {
            throw ArgumentError(
                "no administrator is given for \(url.redacted)",
                hint: "write --api http://ADMIN:PASSWORD@HOST:15672, or add --admin-user and --admin-password-file")
        }
        self.init(
            url, as: Administrator(name: name, password: password), authorityFile: arguments[RabbitSetupOptions.apiAuthority])
    }
}
