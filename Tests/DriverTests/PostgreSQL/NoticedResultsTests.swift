import CeleryCore
import Testing

@testable import ResultStores

/// The feed that notices make.
@Suite struct NoticedResultsTests {
    private func ids(_ numbers: Range<Int>) -> [TaskID] { numbers.map { TaskID("\($0)") } }

    @Test func `gives what came after a position, in order`() {
        var noticed = NoticedResults()
        let start = noticed.end
        noticed.add(ids(0..<3))
        let middle = noticed.end
        noticed.add(ids(3..<5))
        #expect(noticed.ids(after: start) == ids(0..<5))
        #expect(noticed.ids(after: middle) == ids(3..<5))
        #expect(noticed.ids(after: noticed.end) == [])
    }

    @Test func `says when something may have been missed, to everybody who was there before, once`() {
        var noticed = NoticedResults()
        noticed.add(ids(0..<3))
        let (first, last) = (0, noticed.end)
        noticed.miss()
        #expect(noticed.ids(after: Int64(first)) == nil && noticed.ids(after: last) == nil)
        let position = noticed.end
        #expect(noticed.ids(after: position) == [])
        noticed.add(ids(3..<4))
        #expect(noticed.ids(after: position) == ids(3..<4))
        // A position of another connection.
        #expect(noticed.ids(after: position + 100) == nil)
    }

    @Test func `forgets what nobody has asked for in a long time, and says so`() {
        var noticed = NoticedResults()
        for start in stride(from: 0, to: 200_000, by: 1_000) { noticed.add(ids(start..<start + 1_000)) }
        #expect(noticed.end == 200_000 && noticed.ids(after: 0) == nil)
        #expect(noticed.ids(after: 199_000) == ids(199_000..<200_000))
    }
}
