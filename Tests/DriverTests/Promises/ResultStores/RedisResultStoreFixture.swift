import CeleryCore
import Fixtures
import Redis
import ResultStores

/// `redis://`: keys of Python's layout, with a prefix of their own. The server's clock decides when they expire.
final class RedisResultStoreFixture: ChordFixture {
    static let powers: Set<ResultStorePower> = [
        .attempts, .announcing, .oneRecord, .anyIDs, .ownFields, .manyAtOnce, .sets, .setList, .chords, .watching,
    ]

    let clock = ManualClock()
    private let place: RedisPlace

    init() throws { place = try RedisPlace() }

    func connect(expires: Double?) throws -> any ResultStore { try place.store(expires: expires) }

    func beginChord(_ group: String, of members: [String]) async throws { try await place.beginChord(group, size: members.count) }

    func dropClaim(to group: String) async throws { try await place.dropClaim(to: group) }
}
