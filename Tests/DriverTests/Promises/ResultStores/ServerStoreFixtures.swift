import CeleryCore
import Fixtures
import ResultStores

/// The tables of Python's Celery, in a schema of their own at a PostgreSQL server.
final class PostgreSQLStoreFixture: ResultStoreFixture {
    static let powers = PythonDatabaseFixture.powers.union([.attempts])

    let clock = ManualClock()
    private let place: DatabasePlace

    init() throws { place = try DatabasePlace(.postgreSQL) }

    func connect(expires: Double?) throws -> any ResultStore { try place.store(expires: expires) { [clock] in clock.now } }
}

/// Tables of our own layout, in a schema of their own at a PostgreSQL server.
final class OwnPostgreSQLStoreFixture: ResultStoreFixture {
    static let powers = Set(ResultStorePower.allCases).subtracting([.chords])

    let clock = ManualClock()
    let place: OwnPostgreSQLPlace

    init() throws { place = try OwnPostgreSQLPlace() }

    func connect(expires: Double?) throws -> any ResultStore { try store(expires: expires) }

    func store(expires: Double?) throws -> PostgreSQLResultStore { try place.store(expires: expires) { [clock] in clock.now } }
}

/// Python's tables in a database of its own at a MariaDB server.
final class MariaDBStoreFixture: ResultStoreFixture {
    static let powers = PythonDatabaseFixture.powers.union([.attempts])

    let clock = ManualClock()
    private let place: DatabasePlace

    init() throws { place = try DatabasePlace(.mariaDB) }

    func connect(expires: Double?) throws -> any ResultStore { try place.store(expires: expires) { [clock] in clock.now } }
}

/// The same in Oracle's dialect by ODBC, at a MariaDB server that speaks it as far as it can.
final class OracleStoreFixture: ResultStoreFixture {
    static let powers = PythonDatabaseFixture.powers.union([.attempts])

    let clock = ManualClock()
    private let place: OraclePlace

    init() throws { place = try OraclePlace(hasTables: true) }

    func connect(expires: Double?) throws -> any ResultStore { try place.store(expires: expires) { [clock] in clock.now } }
}
