package import CeleryCore

/// How to connect to a MySQL or MariaDB server, read from a URL such as `db+mysql://user:password@host:port/name?ssl_ca=/etc/ca.pem`.
///
/// The options are those of Python's PyMySQL and mysqlclient that mean something here, by the names they have there.
package struct MariaDBServer: SQLServer, Hashable {
    package let location: String
    package private(set) var connectTimeout: Duration
    /// For how long the server may be silent while it owes an answer; an option may only shorten it.
    private(set) var answerTimeout: Duration?
    let host: String?
    let port: Int
    let user: String?
    let password: String?
    let database: String
    private(set) var socket: String?
    private(set) var tls = TLS()

    /// Certificates and what is demanded of them.
    struct TLS: Hashable, Sendable {
        /// PEM file of trusted certificates, and folder of such files.
        var authorities: String?
        var authorityFolder: String?
        /// PEM files with the client's certificate and key.
        var certificate: String?
        var key: String?
        var cipher: String?
        /// Whether the connection must be encrypted; without any option it is not.
        var isRequired = false
        /// Whether the certificate must be trusted and be for the host of the URL: the library checks both or nothing.
        var isVerified = false
    }

    /// Options that only concern objects in Python, or that are always so here.
    private static let pythonOnly = ["charset", "use_unicode", "binary_prefix", "autocommit", "local_infile"]
    private static let own = ["unix_socket", "connect_timeout", "read_timeout", "write_timeout"]
    private static let ofTLS = [
        "ssl", "ssl_ca", "ssl_capath", "ssl_cert", "ssl_key", "ssl_cipher", "ssl_mode", "ssl_check_hostname", "ssl_verify_cert", "ssl_verify_identity",
    ]
    private static let modes = ["DISABLED", "PREFERRED", "REQUIRED", "VERIFY_CA", "VERIFY_IDENTITY"]

    /// - Throws: `SQLError.Code.options`, naming the option.
    package init(_ url: ServiceURL, connectTimeout: Duration = .seconds(4)) throws(SQLError) {
        let server = try ServerURL(url)
        location = server.location
        self.connectTimeout = connectTimeout
        // The library takes the name localhost for the socket of this machine, a port or not.
        host = url.host == "localhost" && url.port != nil ? "127.0.0.1" : url.host
        port = url.port ?? 3306
        user = url.user
        password = url.password
        database = server.database
        var says = Wishes()
        for item in server.options {
            switch item.name {
            case "unix_socket": socket = item.value
            case "connect_timeout": self.connectTimeout = try server.seconds(item)
            case "read_timeout", "write_timeout": answerTimeout = min(answerTimeout ?? SQLPatience.usual, try server.seconds(item))
            case "charset":
                guard ["utf8mb4", "utf8"].contains(item.value.lowercased()) else { throw server.complaint("charset must be utf8mb4") }
            case _ where Self.pythonOnly.contains(item.name): break
            case _ where Self.ofTLS.contains(item.name): try takeTLS(item, server, &says)
            default: throw server.unknown(item, among: Self.own + Self.ofTLS + Self.pythonOnly)
            }
        }
        guard (tls.certificate == nil) == (tls.key == nil) else { throw server.complaint("ssl_cert and ssl_key must be given together") }
        try settle(says, server)
    }

    /// What the options say of TLS.
    private struct Wishes {
        var mode: String?
        var verifies: Bool?
    }

    private mutating func takeTLS(_ item: ServiceURL.QueryItem, _ server: ServerURL, _ says: inout Wishes) throws(SQLError) {
        switch item.name {
        case "ssl_ca": tls.authorities = item.value
        case "ssl_capath": tls.authorityFolder = item.value
        case "ssl_cert": tls.certificate = item.value
        case "ssl_key": tls.key = item.value
        case "ssl_cipher": tls.cipher = item.value
        case "ssl_mode": says.mode = try server.choice(item, Self.modes)
        case "ssl": says.mode = try truth(item, server) ? says.mode ?? "REQUIRED" : "DISABLED"
        default:
            let isTrue = try truth(item, server)
            // To trust the certificate and not to look at its name is more than the library can.
            if item.name != "ssl_verify_cert", !isTrue, says.verifies != false { throw server.complaint("\(item.name) cannot be false alone: put ssl_verify_cert=false before it") }
            says.verifies = isTrue
        }
    }

    private mutating func settle(_ says: Wishes, _ server: ServerURL) throws(SQLError) {
        let hasFiles = tls.authorities != nil || tls.authorityFolder != nil || tls.certificate != nil || tls.cipher != nil
        if says.mode == "DISABLED" {
            guard !hasFiles, says.verifies != true else { throw server.complaint("TLS is off, and has options") }
            return
        }
        let verifiesByMode = says.mode?.hasPrefix("VERIFY") ?? false
        if verifiesByMode, says.verifies == false { throw server.complaint("ssl_mode and ssl_verify_cert contradict each other") }
        tls.isVerified = verifiesByMode || (says.verifies ?? (tls.authorities != nil || tls.authorityFolder != nil))
        tls.isRequired = tls.isVerified || hasFiles || says.mode == "REQUIRED" || says.verifies != nil
    }

    private func truth(_ item: ServiceURL.QueryItem, _ server: ServerURL) throws(SQLError) -> Bool {
        switch item.value.lowercased() {
        case "true", "1", "yes", "on": return true
        case "false", "0", "no", "off": return false
        default: throw server.complaint("\(item.name) must be true or false")
        }
    }

    package func connect(patience: Duration) throws(SQLError) -> any SQLServerConnection {
        try MariaDBConnection(self, patience: patience == SQLPatience.usual ? answerTimeout ?? patience : patience)
    }
}
