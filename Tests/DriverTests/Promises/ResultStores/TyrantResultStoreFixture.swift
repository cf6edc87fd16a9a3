import CeleryCore
import Fixtures
import ResultStores
import Tyrant

/// `tyrant://`: JSON under the keys of the original, at a server of its own that is written from the specification.
final class TyrantResultStoreFixture: ResultStoreFixture {
    static let powers = Set(ResultStorePower.allCases).subtracting([.requests, .setCounts, .chords, .outputs, .listing, .paging, .ids])

    let clock = ManualClock()
    private let server: TyrantServer

    init() throws { server = try TyrantServer() }

    func connect(expires: Double?) throws -> any ResultStore {
        // Every connection keeps the server.
        try TyrantResultStore(TyrantOptions(ServiceURL(server.url)), expires: expires) { [self] in clock.now }
    }
}
