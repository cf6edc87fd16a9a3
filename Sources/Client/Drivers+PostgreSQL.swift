import CeleryCore
import ResultStores
import SQL

/// Results at a PostgreSQL server in our own layout.
extension Drivers {
    static let openPostgreSQL: OpenStore = { urls, settings, _, _ in
        guard let server = try ownServer(urls[0], settings) else { throw DriverError(.configuration, "no server in \(urls[0].redacted)") }
        return PostgreSQLResultStore(
            server,
            PostgreSQLResultStore.Terms(
                expires: settings.resultExpires, argumentLimit: settings.argumentLimit, outputExpires: settings.outputExpires))
    }

    /// The server that a URL names for results in our own layout; `nil` for a URL of another kind.
    ///
    /// - Throws: `DriverError.configuration`.
    static func ownServer(_ url: ServiceURL, _ settings: Settings) throws -> PostgreSQLServer? {
        guard url.service == .postgreSQL else { return nil }
        do throws(SQLError) {
            return try PostgreSQLServer(url, connectTimeout: .seconds(settings.connectionTimeout))
        } catch {
            throw DriverError(error, at: "")
        }
    }
}
