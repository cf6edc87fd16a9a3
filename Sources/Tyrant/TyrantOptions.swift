package import CeleryCore
import Streams

/// Which server keeps the values, read from a URL: `tyrant://host:port`.
package struct TyrantOptions: Sendable, Hashable {
    package var host: String
    package var port: Int
    /// Time limit for connecting to the server.
    package var connectTimeout: Duration
    /// For how long the server may be silent while it owes an answer.
    package var answerTimeout: Duration = .seconds(8)
    /// For display.
    package var location: String

    /// - Throws: `TyrantError.Code.options`.
    package init(_ url: ServiceURL, connectTimeout: Duration = .seconds(4)) throws(TyrantError) {
        location = url.location
        self.connectTimeout = connectTimeout
        port = url.usedPort
        host = url.host ?? ""
        guard !host.isEmpty else { throw complaint("it names no server; write tyrant://host:\(port)") }
        guard url.user == nil, url.password == nil else { throw complaint("Tokyo Tyrant has neither users nor passwords") }
        guard url.path.isEmpty || url.path == "/" else { throw complaint("a server of Tokyo Tyrant has one database without a name; write tyrant://host:\(port)") }
        guard !host.utf8.contains(0) else { throw complaint("the host has a NUL in it") }
        if let item = url.query.first { throw complaint("a URL of Tokyo Tyrant has no option '\(item.name)'") }
    }

    private func complaint(_ text: String) -> TyrantError { TyrantError(.options, "\(location): \(text)") }
}
