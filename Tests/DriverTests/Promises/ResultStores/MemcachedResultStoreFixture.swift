import CeleryCore
import Fixtures
import Memcached
import ResultStores

/// `cache+memcached://`: keys of Python's layout, with a prefix of their own. The server's clock decides when they expire.
final class MemcachedResultStoreFixture: ResultStoreFixture {
    static let powers: Set<ResultStorePower> = [.attempts, .announcing, .oneRecord, .ownFields, .manyAtOnce, .sets, .watching]

    let clock = ManualClock()
    private let place: MemcachedPlace

    init() throws { place = try MemcachedPlace() }

    func connect(expires: Double?) throws -> any ResultStore { try place.store(expires: expires) }
}
