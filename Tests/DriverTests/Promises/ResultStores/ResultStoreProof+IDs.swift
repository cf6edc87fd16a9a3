import CeleryCore
import Fixtures
import Testing

// Ids of tasks with a result.
extension ResultStoreProof {
    func ids() async throws {
        let store = try #require(try fixture.connect() as? any TaskIDListing & ResultStore)
        #expect(try await store.taskIDs(startingWith: "", limit: 5) == [])
        for id in ListedIDs.given {
            try await store.store([TaskResult(id: id, state: .success)])
            fixture.clock.advance(by: .seconds(1))
        }
        try await ListedIDs.check(store)
    }
}
