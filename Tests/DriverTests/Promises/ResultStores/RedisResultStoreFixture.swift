import CeleryCore
import Fixtures
import Redis
import ResultStores

/// `redis://`: keys of Python's layout, with a prefix of their own. The server's clock decides when they expire.
final class RedisResultStoreFixture: ResultStoreFixture {
    static let powers: Set<ResultStorePower> = [
        .attempts, .announcing, .oneRecord, .anyIDs, .ownFields, .manyAtOnce, .sets, .setList, .watching,
    ]

    let clock = ManualClock()
    private let place: RedisPlace

    init() throws { place = try RedisPlace() }

    func connect(expires: Double?) throws -> any ResultStore { try place.store(expires: expires) }
}
