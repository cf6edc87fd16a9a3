import CeleryCore

/// An error of a server or of the connection to it. Each protocol has its own, with its own codes.
package protocol ConnectionFailure: Error, Sendable, Equatable, CustomStringConvertible {
    associatedtype Code: ConnectionFailureCode

    var code: Code { get set }
    /// What failed and why: lower case, no password.
    var message: String { get set }
    /// Whether the error occurred while connecting, so that nothing was sent.
    var isOfOpening: Bool { get set }

    init(_ code: Code, _ message: String)
}

/// What an error is about: these, and what else the protocol knows.
package protocol ConnectionFailureCode: Sendable, Equatable {
    /// The server cannot be used now.
    static var unreachable: Self { get }
    /// An option of the URL, or a file it names, is invalid.
    static var options: Self { get }
    /// The connection ended: closed by the server or the network, or silent for too long.
    static var lost: Self { get }
    /// A certificate is not acceptable.
    static var tls: Self { get }
    /// libssl is not installed.
    static var libraryMissing: Self { get }
}

extension ConnectionFailure {
    package var description: String { message }

    package static func lost(_ message: String) -> Self { Self(.lost, message) }
    package static func unreachable(_ message: String) -> Self { Self(.unreachable, message) }

    /// This side has closed the connection for good.
    package static var closed: Self { .lost("the connection is closed") }

    /// What happened to the socket.
    package init(_ error: StreamError) {
        let code: Code =
            switch error.code {
            case .address, .file: .options
            case .unreachable: .unreachable
            case .lost: .lost
            case .tls: .tls
            case .libraryMissing: .libraryMissing
            }
        self.init(code, error.message)
    }

    /// Whether the connection was lost after something may have been sent, rather than while it was made.
    package var isLoss: Bool { code == .lost && !isOfOpening }

    /// The error of a connection that could not be made for this reason.
    ///
    /// - Parameters:
    ///   - location: The server, without a password.
    ///   - secureScheme: The scheme to recommend to who may have met a port for TLS without TLS: such a port ends the connection.
    package func whileConnecting(to location: String, secureScheme: String? = nil) -> Self {
        var error = Self(code == .lost ? .unreachable : code, "cannot reach \(location): \(message)")
        if code == .lost, let secureScheme { error.message += "; use \(secureScheme):// for a TLS port" }
        error.isOfOpening = true
        return error
    }

    /// The message, which names the server.
    ///
    /// - Parameter location: The URL without its password.
    package func message(at location: String) -> String {
        location.isEmpty || message.contains(text: location) ? message : "\(location): \(message)"
    }
}
