import CeleryCore

/// A MongoDB database as CELERY_MONGODB_BACKEND_SETTINGS describes it: a table with the members of Python's Celery.
struct MongoParts: Sendable, Equatable {
    /// The servers: `host`, `host:port` and several of these, or a URL.
    private var hosts: [String] = []
    private var port: Int?
    private var user: String?
    private var password: String?
    private var database: String?
    private var taskCollection: String?
    private var groupCollection: String?
    /// Options of the client, as a URL has them.
    private var options: [ServiceURL.QueryItem] = []

    private static let names = [
        "host", "port", "user", "password", "database", "taskmeta_collection", "groupmeta_collection", "max_pool_size", "options",
    ]

    /// - Throws: `SettingsComplaint` without the password.
    init(_ members: [SettingsInput.Member]) throws(SettingsComplaint) {
        for member in members {
            do throws(SettingsComplaint) {
                try take(member)
            } catch {
                throw SettingsComplaint("has a member '\(member.name)' that \(error.text)", hint: error.hint)
            }
        }
        if user == nil, password != nil { throw SettingsComplaint("has a password and no user") }
    }

    private mutating func take(_ member: SettingsInput.Member) throws(SettingsComplaint) {
        let value = member.value
        switch member.name {
        case "host":
            hosts = try SettingsKind.list(of: .name).read(listed(value))
            guard !hosts.isEmpty else { throw SettingsComplaint("must name a host") }
        case "port": port = try SettingsKind<Int>.whole(1...65_535).read(value)
        case "user", "username": user = try text(value)
        case "password": password = try text(value)
        case "database": database = try text(value)
        case "taskmeta_collection": taskCollection = try text(value)
        case "groupmeta_collection": groupCollection = try text(value)
        case "max_pool_size": options.append(ServiceURL.QueryItem(name: "maxPoolSize", value: "\(try SettingsKind<Int>.whole(1...65_535).read(value))"))
        case "options": try takeOptions(value)
        case "periodictaskmeta_collection": throw SettingsComplaint("has no effect: celery beat keeps its times itself", hint: "remove it")
        default:
            let near = NearestName.suggest(member.name, among: Self.names).map { "; did you mean '\($0)'?" } ?? ""
            throw SettingsComplaint("is unknown\(near)")
        }
    }

    private func listed(_ input: SettingsInput) -> SettingsInput {
        if case .list = input { input } else { .list([input]) }
    }

    /// A text; an empty one is none.
    private func text(_ input: SettingsInput) throws(SettingsComplaint) -> String? {
        let text = try SettingsKind<String>.text.read(input)
        return text.isEmpty ? nil : text
    }

    private mutating func takeOptions(_ input: SettingsInput) throws(SettingsComplaint) {
        guard case .table(let members) = input else { throw SettingsComplaint("must be a table, not \(input.sort)") }
        for member in members {
            let value: String
            switch member.value {
            case .text(let text), .word(let text): value = text
            case .whole(let number): value = "\(number)"
            case .truth(let isTrue): value = isTrue ? "true" : "false"
            default: throw SettingsComplaint("has \(member.value.sort) as '\(member.name)'")
            }
            options.append(ServiceURL.QueryItem(name: member.name, value: value))
        }
    }

    /// The URL of the database: of `localhost`, unless a host is named.
    func url() throws(SettingsComplaint) -> ServiceURL {
        var url: ServiceURL
        if let first = hosts.first, first.hasPrefix("mongodb") && first.contains(text: "://") {
            do throws(ServiceURLError) {
                url = try ServiceURL(first)
            } catch {
                throw SettingsComplaint("has a host that is invalid: \(error.message)")
            }
            guard hosts.count == 1 else { throw SettingsComplaint("has a URL among several hosts") }
        } else {
            let servers = hosts.flatMap { $0.split(separator: ",") }.map { name in
                // An address of IPv6 has several colons.
                let isBare = !name.contains(":") || name.hasSuffix("]")
                return isBare ? "\(name):\(port ?? 27_017)" : String(name)
            }
            do throws(ServiceURLError) {
                url = try ServiceURL("mongodb://" + (servers.isEmpty ? "localhost:\(port ?? 27_017)" : servers.joined(separator: ",")))
            } catch {
                throw SettingsComplaint("has a host that is invalid: \(error.message)")
            }
        }
        if let user { (url.user, url.password) = (user, password) }
        if url.path.count < 2 { url.path = "/" + (database ?? "celery") }
        return try completed(url)
    }

    /// A URL with the database, the collections and the options of these settings, which it may not have itself.
    func completed(_ given: ServiceURL) throws(SettingsComplaint) -> ServiceURL {
        var url = given
        if let database {
            if url.path.count < 2 { url.path = "/" + database }
            guard url.path == "/" + database else { throw SettingsComplaint("names another database than the URL") }
        }
        let collections = [("taskmeta_collection", taskCollection), ("groupmeta_collection", groupCollection)]
        for item in options + collections.compactMap({ name, value in value.map { ServiceURL.QueryItem(name: name, value: $0) } }) {
            if url.query.contains(item) { continue }
            guard !url.query.contains(where: { $0.name.lowercased() == item.name.lowercased() }) else {
                throw SettingsComplaint("has another \(item.name) than the URL")
            }
            url.query.append(item)
        }
        return url
    }

    /// What names a server; `nil` if nothing does.
    var server: String? {
        if !hosts.isEmpty { return "host" }
        if port != nil { return "port" }
        return user == nil ? nil : "user"
    }
}

extension SettingsKind where Value == MongoParts {
    static let mongoParts = SettingsKind(name: "table") { input throws(SettingsComplaint) in
        guard case .table(let members) = input else {
            throw SettingsComplaint("must be a table such as { host = \"localhost\", database = \"celery\" }, not \(input.sort)")
        }
        return try MongoParts(members)
    }
}
