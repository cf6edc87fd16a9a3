import CeleryCore
import Fixtures
import Testing
import Wire

// Lists of tasks with a result.
extension ResultStoreProof {
    private func listing(expires: Double? = nil) throws -> any ResultListing {
        try #require(try fixture.connect(expires: expires) as? any ResultListing)
    }

    private func list(
        _ store: any ResultListing, before position: Int64? = nil, limit: Int = 100, _ change: (inout TaskFilter) -> Void = { _ in }
    ) async throws -> String {
        var filter = TaskFilter()
        change(&filter)
        return try await store.listedTasks(filter, before: position, limit: limit).map(\.id.text).joined(separator: " ")
    }

    /// Tasks 0 to 11, a second apart: of three names, in two queues, in several states.
    private func fill(_ store: any ResultListing) async throws {
        let states: [TaskState] = [.success, .failure, .success, .retry, .custom("PROGRESS"), .revoked]
        for number in 0..<12 {
            var result = TaskResult(id: TaskID("\(number)"), state: states[number % 6], value: .string("value \(number)"))
            (result.task, result.queue) = (["shop.sell", "shop.buy", "mail.send"][number % 3], number % 4 == 0 ? "slow" : "celery")
            if result.state != .success { result.failure = TaskFailure(type: "E\(number)", arguments: ["because"]) }
            let arguments = TaskArguments(args: [.int(Int64(100 + number))], kwargs: ["who": "Zoë", "token": "hidden"])
            result.request = Message(id: result.id, task: result.task ?? "", body: BodyCodec.encode(arguments))
            try await store.store([result])
            fixture.clock.advance(by: .seconds(1))
        }
    }

    func listed() async throws {
        let store = try listing()
        try await fill(store)
        #expect(try await list(store) == "11 10 9 8 7 6 5 4 3 2 1 0")
        let page = try await store.listedTasks(TaskFilter(), before: nil, limit: 5)
        #expect(page.map(\.id.text) == ["11", "10", "9", "8", "7"])
        #expect(try await list(store, before: page.last?.position, limit: 5) == "6 5 4 3 2")
        #expect(try await list(store, limit: 0) == "")
        let task = try #require(page.first)
        #expect(task.task == "mail.send" && task.queue == "celery" && task.phase == .revoked && task.result?.failure?.type == "E11")
        #expect(abs((task.changed - fixture.clock.now).inSeconds + 1) < 0.001)
        #expect(task.request.flatMap { try? BodyCodec.decode($0.body) }?.args == [111])
        // What changes comes to the beginning.
        try await store.store([TaskResult(id: TaskID("4"), state: .success)])
        #expect(try await list(store, limit: 2) == "4 11")
    }

    func listedBatch() async throws {
        let store = try listing()
        try await store.store((0..<600).map { TaskResult(id: TaskID("\($0)"), state: .success) })
        #expect(try await list(store, limit: 1_000) == (0..<600).reversed().map { "\($0)" }.joined(separator: " "))
    }

    func listedPages() async throws {
        let store = try listing()
        try await store.store((0..<60).map(TaskResult.varied))
        let digging = stride(from: 58, through: 2, by: -4).map { "t\($0)" }
        #expect(try await list(store) { $0.phases = [.started] } == digging.joined(separator: " "))
        for filter in [TaskFilter()] + TaskFilter.ofVaried {
            let whole = try await store.listedTasks(filter, before: nil, limit: 1_000).map(\.id.text)
            var ids: [String] = []
            var page: [ListedTask] = []
            repeat {
                page = try await store.listedTasks(filter, before: page.last?.position, limit: 7)
                ids += page.map(\.id.text)
            } while page.count == 7 && ids.count <= 60
            #expect(ids == whole, "\(filter)")
        }
    }

    func listedStates() async throws {
        let store = try listing()
        try await fill(store)
        #expect(try await list(store) { $0.phases = [.failure] } == "7 1")
        #expect(try await list(store) { $0.phases = [.failure, .revoked] } == "11 7 5 1")
        // A state of a task's own is found among running tasks.
        #expect(try await list(store) { $0.phases = [.started] } == "10 4")
        #expect(try await list(store) { $0.phases = [.success] } == "8 6 2 0")
        #expect(try await list(store, limit: 3) { $0.phases = [.success, .retry] } == "9 8 6")
        #expect(try await list(store) { $0.phases = [.queued] } == "")
    }

    func listedByName() async throws {
        let store = try listing()
        let begin = fixture.clock.now
        try await fill(store)
        #expect(try await list(store) { $0.task = "shop.*" } == "10 9 7 6 4 3 1 0")
        #expect(try await list(store) { $0.task = "mail.send" } == "11 8 5 2")
        #expect(try await list(store) { $0.task = "nothing*" } == "")
        #expect(try await list(store) { $0.queue = "slow" } == "8 4 0")
        #expect(try await list(store) { $0.queue = "none" } == "")
        #expect(try await list(store) { $0.since = begin + .seconds(9) } == "11 10 9")
        #expect(try await list(store) { $0.until = begin + .seconds(2) } == "1 0")
        #expect(try await list(store) { ($0.since, $0.until) = (begin + .seconds(3), begin + .seconds(5)) } == "4 3")
        #expect(try await list(store) { ($0.task, $0.queue, $0.phases) = ("shop.*", "celery", [.success, .retry]) } == "9 6 3")
        #expect(try await list(store) { ($0.task, $0.phases) = ("mail.*", [.failure]) } == "")
    }

    func listedByText() async throws {
        let store = try listing()
        try await fill(store)
        #expect(try await list(store) { $0.text = "107" } == "7")
        #expect(try await list(store) { $0.text = "value 8" } == "8")
        #expect(try await list(store) { $0.text = "E11" } == "11")
        #expect(try await list(store, limit: 3) { $0.text = "Zoë" } == "11 10 9")
        #expect(try await list(store, limit: 3) { $0.text = "who=Zo" } == "11 10 9")
        // A member of the document, but no text of the task.
        #expect(try await list(store) { $0.text = "date_done" } == "")
        #expect(try await list(store) { ($0.text, $0.queue) = ("because", "celery") } == "11 9 7 5 3 1")
        // The value of an argument with a secret name.
        #expect(try await list(store) { $0.text = "hidden" } == "")
    }

    func listedFarText() async throws {
        let store = try listing()
        for start in stride(from: 0, to: 1_000, by: 100) {
            try await store.store(
                (start..<start + 100).map { TaskResult(id: TaskID("\($0)"), state: .success, value: .string($0 % 300 == 7 ? "needle" : "hay")) })
        }
        #expect(try await list(store) { $0.text = "needle" } == "907 607 307 7")
        var filter = TaskFilter()
        filter.text = "needle"
        let page = try await store.listedTasks(filter, before: nil, limit: 2)
        #expect(try await list(store, before: page.last?.position) { $0.text = "needle" } == "307 7")
    }

    func listedManyNames() async throws {
        let store = try listing()
        try await store.store((0..<150).map { number in
            var result = TaskResult(id: TaskID("\(number)"), state: .success)
            result.task = "task.\(number)"
            return result
        })
        #expect(try await list(store, limit: 3) { $0.task = "task.*" } == "149 148 147")
        #expect(try await list(store, limit: 3) { ($0.task, $0.queue) = ("task.*", "celery") } == "")
    }

    func listedUnexpired() async throws {
        let store = try listing(expires: 3_600)
        try await fill(store)
        // Number 8 was stored an hour ago.
        fixture.clock.advance(by: .seconds(3_600 - 4))
        #expect(try await list(store) == "11 10 9")
        #expect(try await list(store) { $0.phases = [.success] } == "")
    }
}
