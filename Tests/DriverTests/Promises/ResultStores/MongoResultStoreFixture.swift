import CeleryCore
import Fixtures
import Mongo
import ResultStores

/// `mongodb://`: Python's documents, at a server of its own that is written from the specifications.
final class MongoResultStoreFixture: ResultStoreFixture {
    static let powers = Set(ResultStorePower.allCases).subtracting([.requests, .setCounts, .chords, .outputs, .listing, .paging])
    /// A document has 16 MiB at most, with all that is in it.
    static let largestValue = 15 << 20

    let clock = ManualClock()
    private let server: MongoServer

    init() throws { server = try MongoServer() }

    func connect(expires: Double?) throws -> any ResultStore {
        // Every connection keeps the server.
        MongoResultStore(try MongoOptions(ServiceURL(server.url)), expires: expires) { [self] in clock.now }
    }
}
