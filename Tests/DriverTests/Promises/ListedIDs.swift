import CeleryCore
import Testing

/// What whoever lists ids tells of these, which it was given one after the other.
enum ListedIDs {
    static let given = ["ab1", "b", "ab2", "c%d", "cxd"].map { TaskID($0) }

    static func check(_ listing: any TaskIDListing) async throws {
        // In no promised order.
        let found = try await listing.taskIDs(startingWith: "ab", limit: 10)
        #expect(found.count == 2 && Set(found) == [TaskID("ab1"), TaskID("ab2")])
        #expect(try await listing.taskIDs(startingWith: "ab", limit: 1).map { $0.text.prefix(2) } == ["ab"])
        // No pattern of any kind.
        #expect(try await listing.taskIDs(startingWith: "c%", limit: 10) == [TaskID("c%d")])
        #expect(try await listing.taskIDs(startingWith: "x", limit: 10) == [])
        // With an empty beginning the newest, newest first.
        #expect(try await listing.taskIDs(startingWith: "", limit: 2) == [TaskID("cxd"), TaskID("c%d")])
        #expect(try await listing.taskIDs(startingWith: "", limit: 10) == Array(given.reversed()))
    }
}
