import CeleryCore

/// The broker as the original's settings describe it: AMQP_SERVER and its companions.
struct BrokerParts: Sendable, Equatable {
    var server: String?
    var port: Int?
    var user: String?
    var password: String?
    var virtualHost: String?
    /// CARROT_BACKEND: which of the original's libraries, and with it the protocol.
    var backend: String?

    /// Names of the libraries in CARROT_BACKEND, and the schemes of their protocols.
    static let backends = ["pyamqplib": "amqp", "amqplib": "amqp", "amqp": "amqp", "pystomp": "stomp", "stomp": "stomp", "stompy": "stomp"]

    private var isSTOMP: Bool { backend.flatMap { Self.backends[$0] } == "stomp" }

    /// The URL made from these parts; missing parts have the original's defaults.
    var url: ServiceURL {
        // The original's virtual host has no meaning to STOMP, but for RabbitMQ.
        if isSTOMP {
            return ServiceURL(
                scheme: "stomp", user: user ?? (password == nil ? nil : "guest"), password: password, host: server ?? "localhost",
                port: port ?? URLScheme.named("stomp")?.port, path: virtualHost.map { "/" + $0 } ?? "")
        }
        return ServiceURL(
            scheme: "amqp",
            // A password without a user belongs to RabbitMQ's default user.
            user: user ?? (password == nil ? nil : "guest"), password: password, host: server ?? "localhost",
            port: port ?? URLScheme.named("amqp")?.port, path: "/" + (virtualHost ?? "/"))
    }

    /// The setting of the first part that differs from `url`.
    func contradiction(with url: ServiceURL) -> String? {
        if let backend, let scheme = Self.backends[backend], !url.scheme.hasPrefix(scheme) { return "CARROT_BACKEND" }
        guard url.service == .amqp || url.service == .stomp else {
            let given: [(String, Bool)] = [
                ("AMQP_SERVER", server != nil), ("AMQP_PORT", port != nil), ("AMQP_USER", user != nil),
                ("AMQP_PASSWORD", password != nil), ("AMQP_VHOST", virtualHost != nil),
            ]
            return given.first { $0.1 }?.0
        }
        if let server, server != url.host ?? "localhost" { return "AMQP_SERVER" }
        if let port, port != url.port ?? url.defaultPort { return "AMQP_PORT" }
        if let user, user != url.user ?? "guest" { return "AMQP_USER" }
        if let password, password != url.password ?? "guest" { return "AMQP_PASSWORD" }
        if let virtualHost, virtualHost != url.virtualHost { return "AMQP_VHOST" }
        return nil
    }
}

extension SettingsKind where Value == String {
    /// A host name or address, without a port.
    ///
    /// - Parameter setting: Where the port belongs.
    static func host(portIn setting: String) -> SettingsKind {
        SettingsKind(name: "host name") { input throws(SettingsComplaint) in try host(input, setting) }
    }

    private static func host(_ input: SettingsInput, _ setting: String) throws(SettingsComplaint) -> String {
        let host = try SettingsKind.text.read(input)
        let bare = host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
        guard !bare.isEmpty, bare.unicodeScalars.allSatisfy({ $0.value > 0x20 && !"/@?#,;[]".unicodeScalars.contains($0) })
        else { throw SettingsComplaint("must be a host name, not \(input.shown)") }
        // An IPv6 address has several colons; a single one is a port.
        guard bare.count(where: { $0 == ":" }) != 1 else {
            throw SettingsComplaint("must be a host name alone; the port belongs in \(setting)")
        }
        return bare
    }
}
