package import CeleryCore
import Streams

/// An error of a Redis server or of the connection to it.
package struct RedisError: ConnectionFailure {
    package enum Code: ConnectionFailureCode {
        /// libssl is not installed.
        case libraryMissing
        /// The host name is unknown, no server listens, the network is blocked, or nothing answers.
        case unreachable
        /// The certificate of the server, or that of the client, is not acceptable.
        case tls
        /// An option of the URL, or a file it names, is invalid.
        case options
        /// The connection ended: closed by the server or the network, or silent for too long.
        case lost
        /// The server refuses the login.
        case login
        /// The server is a Sentinel or part of a cluster, which are not supported.
        case unsupportedServer
        /// What answers does not speak the protocol of Redis, or says what this program does not understand.
        case malformed
        /// The server refused a command; the first word of its reason, such as `WRONGTYPE`.
        case refused(String)
    }

    package var code: Code
    /// What failed and why: lower case, no password.
    package var message: String
    /// Whether the error occurred while connecting, so that nothing was sent.
    package var isOfOpening = false

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The word that says what is wrong. Before Redis 7 that of a command in a script stands in the middle:
    /// `ERR Error running script (call to f_...): @user_script:20: @user_script: 20: -OOM command not allowed ...`.
    private static func word(of reply: String) -> String {
        guard reply.hasPrefix("ERR Error running script"), let mark = reply.firstRange(ofText: ": -") else {
            return String(reply.prefix { $0 != " " })
        }
        return String(reply[mark.upperBound...].prefix { $0 != " " })
    }

    /// The error in a reply: `WRONGTYPE Operation against a key holding the wrong kind of value`.
    ///
    /// - Parameter command: The name of the command that it answers.
    package init(reply: String, to command: String) {
        let word = Self.word(of: reply)
        // The text of a server may quote what was sent, and goes to a terminal.
        let text = reply.inOneLine(limit: 300)
        switch word {
        case "NOAUTH": self.init(.login, "the server asks for a password")
        case "WRONGPASS": self.init(.login, "the server refuses this user and password")
        case "MOVED", "ASK", "CROSSSLOT", "CLUSTERDOWN": self.init(.unsupportedServer, "the server is part of a Redis cluster")
        default: self.init(.refused(word), "the server refuses \(command): \(text)")
        }
    }
}

extension DriverError {
    /// Translates an error of the server or the connection.
    ///
    /// - Parameter location: The URL without its password.
    package init(_ error: RedisError, at location: String) {
        let text = error.message(at: location)
        switch error.code {
        case .libraryMissing: self.init(.configuration, text, hint: TLSTerms.libraryHint)
        case .options: self.init(.configuration, error.message)
        case .unreachable: self.init(.unreachable, text, hint: "start Redis, or correct the URL")
        case .tls: self.init(.unreachable, text, hint: TLSTerms.distrustHint)
        case .lost: self.init(.unreachable, text)
        case .login: self.init(.noPermission, text, hint: "check user and password in the URL: redis://user:password@host, or redis://:password@host")
        case .unsupportedServer:
            self.init(.configuration, text, hint: "Sentinel and cluster are not supported; name a single server: redis://host:port/0")
        case .malformed: self.init(.unusable, text, hint: "check that the URL names a Redis server; use rediss:// for a TLS port")
        case .refused(let word): self.init(refusal: word, text)
        }
    }

    /// - Parameter refusal: The first word of a server's reason. Those not listed concern one request.
    private init(refusal word: String, _ text: String) {
        switch word {
        case "NOPERM":
            self.init(.noPermission, text, hint: "let the user call it on these keys and channels, with ACL SETUSER")
        case "OOM":
            self.init(.tryAgain, text, hint: "the server has reached its maxmemory: raise it, or let results expire sooner (CELERY_TASK_RESULT_EXPIRES)")
        case "MISCONF":
            self.init(.tryAgain, text, hint: "the server cannot write its data to disk: see its log")
        case "READONLY":
            self.init(.tryAgain, text, hint: "the server is a replica: name its primary in the URL")
        // Starting, running a long script, without its primary or enough replicas: all of them pass.
        case "LOADING", "BUSY", "TRYAGAIN", "MASTERDOWN", "NOREPLICAS": self.init(.tryAgain, text)
        case "WRONGTYPE":
            self.init(.unusable, text, hint: "another program uses this key: choose another database number, or set CELERY_RESULT_KEY_PREFIX")
        default: self.init(.refused, text)
        }
    }
}
