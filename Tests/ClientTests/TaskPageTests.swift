import Brokers
import CeleryCore
import CeleryDB
import Client
import Fixtures
import ResultStores
import Testing
import Wire

/// Pages of the tasks of broker and store together.
@Suite(.timeLimit(.minutes(2))) struct TaskPageTests {
    private let folder = TemporaryFolder()

    @Test(arguments: [".", "12.", ".34", "12.34", "-.34", "12.-", "-.-"]) func `a place is written and read`(_ text: String) {
        #expect(TaskPlace(text)?.text == text)
    }

    @Test(arguments: ["", "1", "1.2.3", "a.b", "-1.2", "1.+2", "99999999999999999999.1", "1. 2", "--.1"])
    func `nothing else is a place`(_ text: String) { #expect(TaskPlace(text) == nil) }

    private func client() throws -> Client {
        let file = try DatabaseFile(path: folder.file("celery.db"))
        return Client(
            settings: Settings(projectFolder: folder.path), broker: SQLiteBroker(file: file, resultExpires: nil, processLives: { _ in true }),
            store: SQLiteResultStore(file: file, expires: nil), environment: [:])
    }

    private func pages(_ client: Client, _ filter: TaskFilter = TaskFilter(), limit: Int) async throws -> [[String]] {
        var pages: [[String]] = []
        var place: TaskPlace? = TaskPlace()
        while let here = place, pages.count < 1_000 {
            let page = try await client.taskPage(filter, at: here, limit: limit, within: .seconds(30))
            pages.append(page.tasks.map(\.id.text))
            // An address carries it.
            place = try page.next.map { try #require(TaskPlace($0.text)) }
        }
        return pages
    }

    @Test func `each task is on one page, those that wait and those that have ended merged by their times`() async throws {
        let client = try client()
        var expected: [String] = []
        for number in 0..<30 {
            if number % 3 == 0 {
                try await client.publish([Message(id: TaskID("w\(number)"), task: "t", body: BodyCodec.encode(TaskArguments()))])
                expected.append("w\(number)")
            } else {
                try await client.store.store([TaskResult(id: TaskID("e\(number)"), state: .success)])
                expected.append("e\(number)")
            }
        }
        for limit in [1, 4, 7, 30, 100] {
            let pages = try await pages(client, limit: limit)
            #expect(pages.flatMap(\.self) == expected.reversed(), "\(limit)")
            #expect(pages.dropLast().allSatisfy { $0.count == limit }, "\(limit)")
        }
        var filter = TaskFilter()
        filter.phases = [.queued]
        #expect(try await pages(client, filter, limit: 4).flatMap(\.self) == expected.reversed().filter { $0.hasPrefix("w") })
        filter.phases = [.failure]
        #expect(try await pages(client, filter, limit: 4) == [[]])
        await client.close()
    }

    @Test func `a task that is tried again is where the broker has it, and only there`() async throws {
        let client = try client()
        var message = Message(id: TaskID("r"), task: "t", body: BodyCodec.encode(TaskArguments()))
        message.retries = 1
        try await client.publish([message])
        try await client.store.store([TaskResult(id: TaskID("r"), state: .retry, failure: TaskFailure(type: "Retry", arguments: ["later"], module: ""))])
        let page = try await client.taskPage(TaskFilter(), at: TaskPlace(), limit: 10, within: .seconds(30))
        #expect(page.tasks.map(\.id.text) == ["r"] && page.tasks.first?.phase == .retry && page.tasks.first?.result?.failure?.message == "later")
        await client.close()
    }
}
