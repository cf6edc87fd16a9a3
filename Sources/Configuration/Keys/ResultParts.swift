import CeleryCore

/// The result store as the original's settings describe it: CELERY_BACKEND and its companions.
struct ResultParts: Sendable, Equatable {
    /// What CELERY_BACKEND names.
    enum Backend: String, Sendable, CaseIterable {
        /// Queues at the broker.
        case amqp
        /// The servers of CELERY_CACHE_BACKEND or CACHE_BACKEND.
        case cache
        /// The database of DATABASE_ENGINE and the settings after it; the original took it where nothing was said.
        case database
        /// The database of CELERY_MONGODB_BACKEND_SETTINGS.
        case mongodb
        /// The server of TT_HOST and TT_PORT.
        case tyrant
    }

    var backend: Backend?
    /// Django's cache, which Celery uses as well unless it has one of its own.
    var djangoCache: ServiceURL?
    var cache: ServiceURL?
    /// The kind of database, as Django names it.
    var engine: String?
    var name: String?
    var user: String?
    var password: String?
    /// A path is that of a socket.
    var host: String?
    var port: Int?
    var tyrantHost: String?
    var tyrantPort: Int?
    var mongo: MongoParts?

    /// The settings that describe a database, the most telling first.
    static let databaseNames = ["DATABASE_ENGINE", "DATABASE_NAME", "DATABASE_USER", "DATABASE_PASSWORD", "DATABASE_HOST", "DATABASE_PORT"]

    /// Settings that have no effect without the kind of store that they are for, and what they name.
    static let companions: [(names: [String], noun: String, backend: Backend)] = [
        (["CELERY_CACHE_BACKEND", "CACHE_BACKEND"], "a cache", .cache),
        (["CELERY_MONGODB_BACKEND_SETTINGS"], "a database", .mongodb),
        (["TT_HOST", "TT_PORT"], "a server", .tyrant),
    ]

    /// The URL made from these parts.
    ///
    /// - Parameter folder: Where a relative name of a file begins.
    /// - Throws: `SettingsComplaint` about CELERY_BACKEND, when what it needs is missing.
    func url(of backend: Backend, in folder: String) throws(SettingsComplaint) -> ServiceURL {
        switch backend {
        case .amqp: return ServiceURL(scheme: "amqp")
        case .cache:
            guard let url = cache ?? djangoCache else {
                throw SettingsComplaint(
                    "is \"cache\", but no cache is named", hint: "add CACHE_BACKEND = \"memcached://127.0.0.1:11211/\"")
            }
            return url
        case .mongodb:
            do throws(SettingsComplaint) {
                if let mongo { return try mongo.url() }
                return try MongoParts([]).url()
            } catch {
                throw SettingsComplaint("needs other CELERY_MONGODB_BACKEND_SETTINGS: that \(error.text)", hint: error.hint)
            }
        case .tyrant:
            guard let tyrantHost else { throw SettingsComplaint("needs TT_HOST, which names the server of Tokyo Tyrant") }
            return ServiceURL(scheme: "tyrant", host: tyrantHost, port: tyrantPort)
        case .database:
            guard let engine else { throw SettingsComplaint("needs DATABASE_ENGINE, which says what kind of database it is") }
            guard let name else { throw SettingsComplaint("needs DATABASE_NAME") }
            switch engine {
            case "sqlite3": return ServiceURL(scheme: "db+sqlite", path: name).resolved(in: folder)
            case "oracle":
                guard host == nil, port == nil else {
                    throw SettingsComplaint(
                        "is a database of Oracle, which has no DATABASE_HOST and DATABASE_PORT: DATABASE_NAME is an ODBC data source",
                        hint: "or name driver, host and service with CELERY_RESULT_BACKEND = \"db+oracle://...\"")
                }
                return ServiceURL(
                    scheme: "db+oracle", user: user, password: user == nil ? nil : password, path: "/",
                    query: [ServiceURL.QueryItem(name: "dsn", value: name)])
            case "mysql": return server("db+mysql", socket: "unix_socket", name)
            default: return server("db+postgresql", socket: "host", name)
            }
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

extension SettingsKind where Value == ResultParts.Backend {
    /// A kind of result store, as the original names it.
    static let originalBackend = SettingsKind(name: ResultParts.Backend.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")) {
        input throws(SettingsComplaint) in
        let text = try SettingsKind<String>.text.read(input)
        if let backend = ResultParts.Backend(rawValue: text) { return backend }
        let words = ResultParts.Backend.allCases.map(\.rawValue)
        let near = NearestName.suggest(text, among: words).map { "; did you mean \"\($0)\"?" } ?? ""
        throw SettingsComplaint(
            "must be one of \(words.joined(separator: ", ")), not \(input.shown)\(near)",
            hint: "name other result stores with CELERY_RESULT_BACKEND")
    }
}

extension SettingsKind where Value == ServiceURL {
    /// A cache in Django's notation, if it is one that others can read.
    static let cache = SettingsKind(name: "URL") { input throws(SettingsComplaint) in
        let urls = try SettingsKind<[ServiceURL]>.urls.read(input)
        guard urls.count == 1, let url = urls.first, url.namesServers else {
            throw SettingsComplaint("must name Memcached servers, such as memcached://127.0.0.1:11211/, not \(input.shown)")
        }
        return url
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
