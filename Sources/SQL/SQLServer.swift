import CeleryCore

/// A database server: its address and how to connect, read from a URL.
package protocol SQLServer: Sendable {
    /// The URL for display, without its password.
    var location: String { get }

    /// Connects and logs in. Blocks, for at most the time that the URL or the settings allow.
    ///
    /// - Parameter patience: For how long the server may be silent while it owes an answer.
    func connect(patience: Duration) throws(SQLError) -> any SQLServerConnection

    /// Whether one statement may store several rows, or the row of a new result.
    var joinsRows: Bool { get }
}

extension SQLServer {
    package var joinsRows: Bool { true }
}

/// How long to wait for a server.
package enum SQLPatience {
    /// For statements that concern some hundred rows by their keys: a connection that is dead, though nobody has said so, is
    /// noticed within ten seconds.
    package static let usual: Duration = .seconds(8)
    /// For statements that may read whole tables.
    package static let long: Duration = .seconds(600)
    /// Between attempts to connect.
    static let backoff = Backoff(first: .milliseconds(50), longest: .seconds(2))
}
