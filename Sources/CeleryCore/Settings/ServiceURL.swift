/// The location of a broker or a result store: `scheme://user:password@host:port/path?name=value`.
///
/// The schemes `sqlite`, `db+sqlite` and `file` name a file or a folder instead of a host:
///
/// | text | file |
/// |---|---|
/// | `sqlite:///var/q.db`, `sqlite:/var/q.db` | `/var/q.db` |
/// | `sqlite://q.db`, `sqlite:q.db` | `q.db` in the project folder |
/// | `db+sqlite:////var/r.db` | `/var/r.db` |
/// | `db+sqlite:///r.db` | `r.db` in the project folder |
/// | `file:///var/r`, `file://localhost/var/r` | `/var/r` |
/// | `file://r` | `r` in the project folder |
///
/// `db+sqlite` counts slashes as Python's SQLAlchemy does, so that the same text in the settings of both programs names
/// the same file; `file` has no escapes, as there.
///
/// Those of Memcached name any number of servers, as Python's Celery does: `cache+memcached://host:port;host2:port/`. Those of MongoDB
/// name the servers of a replica set: `mongodb://user:password@host:port,host2:port/database`.
package struct ServiceURL: Sendable, Hashable {
    /// In lower case, without the colon; see `URLScheme`.
    package var scheme: String
    package var user: String?
    package var password: String?
    /// An IPv6 address is stored without its brackets.
    package var host: String?
    package var port: Int?
    /// Decoded, with its leading slash if present.
    package var path: String
    /// Decoded, in the order written.
    package var query: [QueryItem]
    /// The servers of a Memcached URL, which have the place of host and path, as they are written. Of a MongoDB URL with several
    /// servers, these; they have the place of host and port.
    package var servers: [String] = []

    /// One `name=value` after the question mark.
    package struct QueryItem: Sendable, Hashable {
        package var name: String
        package var value: String

        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    package init(
        scheme: String, user: String? = nil, password: String? = nil, host: String? = nil, port: Int? = nil,
        path: String = "", query: [QueryItem] = []
    ) {
        self.scheme = scheme
        self.user = user
        self.password = password
        self.host = host
        self.port = port
        self.path = path
        self.query = query
    }

    /// The URL of an SQLite file.
    package static func sqlite(file: String) -> ServiceURL { ServiceURL(scheme: "sqlite", path: file) }

    /// Whether the path names a file or a folder on this machine.
    package var namesFile: Bool { form == .file || form == .folder }

    /// Whether the path names a folder on this machine.
    package var namesFolder: Bool { form == .folder }

    /// Whether the URL names servers rather than one host.
    package var namesServers: Bool { form == .servers }

    private var form: URLScheme.Form { URLScheme.named(scheme)?.form ?? .host }

    /// The AMQP virtual host: what follows the first slash of the path, or `/` when nothing does.
    package var virtualHost: String { path.count > 1 ? String(path.dropFirst()) : "/" }

    /// The URL with a relative file name resolved in `folder`.
    package func resolved(in folder: String) -> ServiceURL {
        guard namesFile, !path.hasPrefix("/") else { return self }
        var copy = self
        copy.path = folder.hasSuffix("/") ? folder + path : folder + "/" + path
        return copy
    }

    /// The whole URL, including the password. Parses back to an equal value.
    package var text: String { rendered(password: password.map { PercentCoding.encode($0) }) }

    /// The URL for display: `***` in place of the password.
    package var redacted: String {
        var copy = self
        for index in query.indices where Self.isSecret(query[index].name) { copy.query[index].value = "***" }
        return copy.rendered(password: password.map { _ in "***" }, queryLetters: "/:*")
    }

    private func rendered(password: String?, queryLetters: StaticString = "/:") -> String {
        var text = scheme + ":"
        if namesFile {
            // One more slash than the file has: `sqlite://` before `/var/q.db`.
            if scheme == "db+sqlite" { text += "///" } else if path.hasPrefix("/") || namesFolder { text += "//" }
            text += namesFolder ? path : PercentCoding.encode(path, keeping: "/:@+=!$&'()*#")
        } else if namesServers {
            text += "//" + servers.joined(separator: ";") + "/"
        } else {
            text += "//" + authority(password: password)
            // The rest of the path is one name, in which a slash is an ordinary character.
            text += path.isEmpty ? "" : "/" + PercentCoding.encode(String(path.dropFirst()))
        }
        guard !query.isEmpty else { return text }
        return text + "?"
            + query.map { PercentCoding.encode($0.name) + "=" + PercentCoding.encode($0.value, keeping: queryLetters) }
            .joined(separator: "&")
    }

    private func authority(password: String?) -> String {
        var text = ""
        if user != nil || password != nil {
            text += PercentCoding.encode(user ?? "") + (password.map { ":" + $0 } ?? "") + "@"
        }
        guard servers.isEmpty else { return text + servers.joined(separator: ",") }
        if let host { text += host.contains(":") ? "[\(host)]" : PercentCoding.encode(host) }
        if let port { text += ":\(port)" }
        return text
    }
}
