import CeleryCore
import Fixtures
import Memcached

@testable import ResultStores

/// `cache+memcached://`: keys of Python's layout, with a prefix of their own. The server's clock decides when they expire.
final class MemcachedResultStoreFixture: ChordFixture {
    static let powers: Set<ResultStorePower> = [.attempts, .announcing, .oneRecord, .ownFields, .manyAtOnce, .sets, .chords, .watching]

    let clock = ManualClock()
    private let place: MemcachedPlace

    init() throws { place = try MemcachedPlace() }

    func connect(expires: Double?) throws -> any ResultStore { try place.store(expires: expires) }

    func beginChord(_ group: String, of members: [String]) async throws { try await place.beginChord(group, of: members) }

    func dropClaim(to group: String) async throws {
        _ = try await place.link.ask(.delete(MemcachedKeys(prefix: place.prefix).claim(group)))
    }
}
