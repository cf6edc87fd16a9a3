import CeleryCore
import CeleryDB
import Fixtures
import ResultStores

/// What the promises of result stores are proved on: a place of its own, and a clock that only the test moves.
protocol ResultStoreFixture: Sendable {
    init() throws
    /// What this driver can do beyond the core.
    static var powers: Set<ResultStorePower> { get }
    /// Letters of the longest text that it carries, 16 MiB unless the server cannot.
    static var largestValue: Int { get }
    var clock: ManualClock { get }
    /// Opens a connection of its own to the place.
    func connect(expires: Double?) throws -> any ResultStore
}

extension ResultStoreFixture {
    static var largestValue: Int { 16 << 20 }

    func connect() throws -> any ResultStore { try connect(expires: nil) }
}

struct MemoryResultStoreFixture: ResultStoreFixture {
    static let powers = Set(ResultStorePower.allCases).subtracting([.setCounts, .chords, .listing, .paging, .ids])

    let clock = ManualClock()
    private let store: MemoryResultStore
    private let expiring: MemoryResultStore

    init() {
        store = MemoryResultStore(expires: nil)
        expiring = MemoryResultStore(expires: 60) { [clock] in clock.now }
    }

    func connect(expires: Double?) -> any ResultStore { expires == nil ? store : expiring }
}

final class SQLiteResultStoreFixture: ResultStoreFixture {
    static let powers = Set(ResultStorePower.allCases).subtracting([.chords])

    let clock = ManualClock()
    let folder = TemporaryFolder()

    func connect(expires: Double?) throws -> any ResultStore {
        // Every connection keeps the folder.
        SQLiteResultStore(file: try DatabaseFile(path: folder.file("celery.db")), expires: expires) { [self] in clock.now }
    }
}

/// The tables of Python's Celery, in a SQLite file.
final class PythonDatabaseFixture: ResultStoreFixture {
    static let powers: Set<ResultStorePower> = [.oneRecord, .anyIDs, .manyAtOnce, .watching, .ownExpiry, .expiring, .sets, .setList, .ids]

    let clock = ManualClock()
    let folder = TemporaryFolder()

    func connect(expires: Double?) throws -> any ResultStore {
        try PythonDatabaseStore(path: folder.file("results.db"), expires: expires) { [self] in clock.now }
    }
}
