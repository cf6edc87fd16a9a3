import CeleryCore
import CPostgreSQL

/// What PostgreSQL's errors come to. Their words may be in any language; SQLSTATEs are in none (appendix A of its manual).
enum PostgreSQLErrors {
    /// The error of a statement.
    ///
    /// - Parameter message: libpq's own complaint, for an error that is not the server's.
    static func failure(of result: UnsafeMutableRawPointer, message: String) -> SQLError {
        guard let state = celery_pq_state(result) else { return SQLError(.lost, message) }
        // The text of a server may quote what was sent, and goes to a terminal.
        let reason = celery_pq_reason(result).map { String(cString: $0).inOneLine(limit: 300) } ?? message
        return error(state: String(cString: state), reason)
    }

    static func error(state: String, _ reason: String) -> SQLError {
        SQLError(code(of: state), "the server says: \(reason) (SQLSTATE \(state))")
    }

    static func code(of state: String) -> SQLError.Code {
        switch state {
        // Unique and other violations of two first writers, and of two who make one table; serialization; deadlock; a lock.
        case "23505", "42P06", "42P07", "42710", "40001", "40P01", "55P03": .conflict
        case "42P01", "42703": .schema
        case "42501": .denied
        case "25006": .readOnly
        case "3D000": .noDatabase
        // A statement was cancelled, perhaps by the statement_timeout of the user: it may go better later.
        case "57014": .tooSlow
        // Shutdown, crash, or a server that is starting.
        case "57P01", "57P02", "57P03", "57P05", "25P03": .lost
        case "22001", "54000": .tooLarge
        case _ where state.hasPrefix("08"): .lost
        case _ where state.hasPrefix("28"): .login
        // Disk, memory, connections.
        case _ where state.hasPrefix("53"), _ where state.hasPrefix("58"): .full
        default: .refused
        }
    }

    /// Words in libpq's complaints about certificates, which it does not translate into anything more exact.
    private static let wordsOfTLS = ["certificate", "SSL", "TLS", "encryption"]

    /// A connection could not be made: libpq tells only by words.
    static func opening(_ message: String, at location: String, needsPassword: Bool, usedPassword: Bool) -> SQLError {
        let words = message.isEmpty ? "no connection" : message
        let code: SQLError.Code
        if words.contains(text: "invalid connection option") || words.contains(text: "invalid sslmode value") || words.contains(text: "invalid integer value") {
            return SQLError(.options, "\(location): \(words)")
        } else if needsPassword {
            code = .login
        } else if words.contains(text: "does not exist"), words.contains(text: "database") {
            code = .noDatabase
        } else if usedPassword, words.contains(text: "authentication failed") {
            code = .login
        } else if words.contains(text: "pg_hba.conf") || words.contains(text: "role \"") || words.contains(text: "authentication failed") {
            code = words.contains(text: "no encryption") || words.contains(text: "SSL off") ? .tls : .login
        } else if wordsOfTLS.contains(where: { words.contains(text: $0) }) {
            code = .tls
        } else {
            code = .unreachable
        }
        return SQLError(code, "cannot reach \(location): \(words)")
    }
}
