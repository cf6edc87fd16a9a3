import CeleryCore

/// The result store as the original's settings describe it: CELERY_BACKEND, and DATABASE_ENGINE and its companions.
struct DatabaseParts: Sendable, Equatable {
    /// `database` or `amqp`; the original took `database` where nothing was said.
    var backend: String?
    var engine: String?
    var name: String?
    var user: String?
    var password: String?
    /// A path is that of a socket.
    var host: String?
    var port: Int?

    /// Names of the settings.
    static let names = [
        "CELERY_BACKEND", "DATABASE_ENGINE", "DATABASE_NAME", "DATABASE_USER", "DATABASE_PASSWORD", "DATABASE_HOST", "DATABASE_PORT",
    ]

    /// The URL made from these parts.
    ///
    /// - Parameter folder: Where a relative name of a file begins.
    /// - Throws: `SettingsComplaint` about a part that is missing.
    func url(in folder: String) throws(SettingsComplaint) -> ServiceURL {
        if backend == "amqp" { return ServiceURL(scheme: "amqp") }
        guard let engine else { throw SettingsComplaint("needs DATABASE_ENGINE, which says what kind of database it is") }
        guard let name else { throw SettingsComplaint("needs DATABASE_NAME") }
        switch engine {
        case "sqlite3": return ServiceURL(scheme: "db+sqlite", path: name).resolved(in: folder)
        case "mysql": return server("db+mysql", socket: "unix_socket", name)
        default: return server("db+postgresql", socket: "host", name)
        }
    }

    /// - Parameter socket: The option that names a socket.
    private func server(_ scheme: String, socket: String, _ name: String) -> ServiceURL {
        let isSocket = host?.hasPrefix("/") ?? false
        return ServiceURL(
            scheme: scheme, user: user, password: user == nil ? nil : password, host: isSocket ? nil : host, port: port, path: "/" + name,
            query: isSocket ? [ServiceURL.QueryItem(name: socket, value: host ?? "")] : [])
    }
}

extension SettingsKind where Value == Int? {
    /// The number of a port, also as text; an empty text is the usual one.
    static let optionalPort = SettingsKind(name: "whole number") { input throws(SettingsComplaint) in
        if input == .text("") { return nil }
        if case .text(let text) = input, Int(text) != nil { return try SettingsKind<Int>.whole(1...65_535).read(.word(text)) }
        return try SettingsKind<Int>.whole(1...65_535).read(input)
    }
}
