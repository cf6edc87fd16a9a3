import CeleryCore
import Fixtures
import ResultStores
import SQLite

/// What the promises of result stores are proved on: a place of its own, and a clock that only the test moves.
protocol ResultStoreFixture: Sendable {
    init() throws
    var clock: ManualClock { get }
    /// Opens a connection of its own to the place.
    func connect(expires: Double?) throws -> any ResultStore
}

extension ResultStoreFixture {
    func connect() throws -> any ResultStore { try connect(expires: nil) }
}

struct MemoryResultStoreFixture: ResultStoreFixture {
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
    let clock = ManualClock()
    let folder = TemporaryFolder()

    func connect(expires: Double?) throws -> any ResultStore {
        // Every connection keeps the folder.
        SQLiteResultStore(file: try DatabaseFile(path: folder.file("celery.db")), expires: expires) { [self] in clock.now }
    }
}
