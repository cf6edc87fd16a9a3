import Brokers
import CeleryCore
import CeleryDB
import Fixtures
import ResultStores
import ServedBroker
import Synchronization

/// The result store behind `celery broker`. The server's settings say when results expire, so each time has a server of its own.
final class ZMQResultStoreFixture: ResultStoreFixture {
    static let powers = Set(ResultStorePower.allCases).subtracting([.chords, .paging])

    let clock = ManualClock()
    private let folder = TemporaryFolder()
    private let places = Mutex<[Double?: ServedBroker]>([:])

    func connect(expires: Double?) throws -> any ResultStore {
        let place = try places.withLock { places in
            if let place = places[expires] { return place }
            let file = try DatabaseFile(path: folder.file("celery.db"))
            let store = SQLiteResultStore(file: file, expires: expires) { [clock] in clock.now }
            let broker = SQLiteBroker(file: file, resultExpires: expires, processLives: { _ in nil })
            let place = try ServedBroker(broker: broker, store: store, now: { [clock] in clock.now })
            places[expires] = place
            return place
        }
        return try place.store()
    }
}
