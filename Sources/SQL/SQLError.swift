package import CeleryCore

/// An error of a database server or of the connection to it.
package struct SQLError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Code: Sendable, Equatable {
        /// The client library is not installed; the name of its package.
        case libraryMissing(String)
        /// An option of the URL, or a file it names, is invalid.
        case options
        /// The host name is unknown, no server listens, the network is blocked, or nothing answers.
        case unreachable
        /// The certificate of the server, or that of the client, is not acceptable, or one side insists on TLS.
        case tls
        /// The server refuses the login.
        case login
        /// The server has no database of this name.
        case noDatabase
        /// The connection ended: closed by the server or the network, or silent for too long.
        case lost
        /// Another transaction was in the way, and this one was rolled back.
        case conflict
        /// There is no such table or column.
        case schema
        /// The user may not do this.
        case denied
        /// The server or its disk is full, or it is busy: it passes.
        case full
        /// The server ended a statement that took longer than it may.
        case tooSlow
        /// The server only answers queries: a replica, or a disk in danger.
        case readOnly
        /// A value, or a statement, is larger than the server takes.
        case tooLarge
        /// The server refuses the statement for another reason.
        case refused
        /// What the server says makes no sense.
        case malformed
    }

    package var code: Code
    /// What failed and why: lower case where the server's own words are not, no password.
    package var message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }

    static let closed = SQLError(.lost, "the connection is closed")
}

extension DriverError {
    /// Translates an error of a server or the connection.
    ///
    /// - Parameter location: The URL without its password.
    package init(_ error: SQLError, at location: String) {
        let text = error.message.contains(text: location) ? error.message : "\(location): \(error.message)"
        switch error.code {
        case .libraryMissing(let package): self.init(.configuration, error.message, hint: "install it: apt-get install \(package)")
        case .options: self.init(.configuration, error.message)
        case .unreachable: self.init(.unreachable, text, hint: "start the database server, or correct the URL")
        case .tls:
            self.init(
                .unreachable, text,
                hint: "see the TLS options in celery.toml(5), and use the host name in the server's certificate")
        case .login: self.init(.noPermission, text, hint: "check user and password in the URL, and whom the server lets in from this host")
        case .noDatabase: self.init(.unusable, text, hint: "create the database, or correct its name in the URL")
        case .lost: self.init(.unreachable, text)
        case .conflict: self.init(.tryAgain, text)
        case .schema: self.init(.unusable, text, hint: "create or complete the tables: celery syncdb")
        case .denied:
            self.init(
                .noPermission, text,
                hint: "grant the user of the URL SELECT, INSERT, UPDATE and DELETE on Celery's tables, or create them as another user: celery syncdb")
        case .full, .tooSlow: self.init(.tryAgain, text)
        case .readOnly: self.init(.tryAgain, text, hint: "name the primary server in the URL, not a replica")
        case .tooLarge, .refused: self.init(.refused, text)
        case .malformed: self.init(.unusable, text)
        }
    }
}
