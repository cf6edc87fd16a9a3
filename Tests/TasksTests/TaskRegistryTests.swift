import CeleryCore
import Schedules
import Testing

@testable import Tasks

@Suite struct TaskRegistryTests {
    private func task(_ name: String, _ source: String = "x") -> TaskDefinition {
        TaskDefinition(name: name, options: TaskOptions(), kind: .program(path: "/" + source), source: source)
    }

    @Test func `a registered task is found by exactly its name`() throws {
        var registry = TaskRegistry()
        #expect(registry.isEmpty)
        try registry.register(task("b.tasks.two"))
        try registry.register(task("a.tasks.one"))
        #expect(registry["a.tasks.one"]?.source == "x")
        #expect(registry["a.tasks.ONE"] == nil)
        #expect(registry.names == ["a.tasks.one", "b.tasks.two"])
        #expect(registry.sorted.map(\.name) == registry.names)
        #expect(registry.count == 2)
    }

    @Test func `a second task of the same name is refused in the original's words`() throws {
        var registry = TaskRegistry()
        try registry.register(task("a.tasks.one", "a/tasks/one.sh"))
        let error = try #require(throws: AlreadyRegistered.self) { try registry.register(task("a.tasks.one", "other")) }
        #expect(error.description == "Task with name a.tasks.one is already registered.")
        #expect(error.source == "a/tasks/one.sh")
        #expect(registry["a.tasks.one"]?.source == "a/tasks/one.sh")
    }

    @Test func `a misspelt name has a nearest one`() throws {
        var registry = TaskRegistry()
        try registry.register(task("thumbs.tasks.make"))
        #expect(registry.nearest(to: "thumbs.task.make") == "thumbs.tasks.make")
        #expect(registry.nearest(to: "mail.tasks.send") == nil)
    }

    @Test func `a Swift task is registered with its name and options`() throws {
        var registry = TaskRegistry()
        try registry.register(TaskDefinition(Named.self))
        let found = try #require(registry["shop.add"])
        #expect(found.options.maxRetries == 9)
        #expect(found.source == "built in")
    }

    @Test func `a periodic Swift task tells when it is due, each day if it does not say`() throws {
        #expect(try TaskDefinition(Hourly.self).options.periodic?.schedule.description == "every 1h")
        #expect(try TaskDefinition(Daily.self).options.periodic?.schedule.description == "every 1d")
        #expect(try TaskDefinition(Named.self).options.periodic == nil)
        #expect(throws: ScheduleError.self) { try TaskDefinition(TooOften.self) }
    }

    @Test func `a periodic Swift task may take arguments, but must not need any`() throws {
        #expect(try TaskDefinition(MayTake.self).options.periodic != nil)
        for type in [Needing.self, NeedingToo.self] as [any CeleryTask.Type] {
            let error = try #require(throws: ScheduleError.self) { try definition(type) }
            #expect(error.message == "it requires the argument 'file', but periodic tasks are sent without arguments")
        }
    }

    private func definition<Work: CeleryTask>(_ type: Work.Type) throws -> TaskDefinition { try TaskDefinition(type) }
}

private struct Hourly: PeriodicTask {
    static let runEvery = Duration.seconds(3_600)
    func run(_ context: TaskContext) async throws -> NoOutput { NoOutput() }
}

private struct Daily: PeriodicTask {
    func run(_ context: TaskContext) async throws -> NoOutput { NoOutput() }
}

private struct MayTake: PeriodicTask {
    var file: String?
    func run(_ context: TaskContext) async throws -> NoOutput { NoOutput() }
}

private struct Needing: PeriodicTask {
    var file: String
    func run(_ context: TaskContext) async throws -> NoOutput { NoOutput() }
}

/// Says it in its options instead.
private struct NeedingToo: CeleryTask {
    static let options = TaskOptions(periodic: try? PeriodicOptions(Schedule("@daily")))
    var file: String
    func run(_ context: TaskContext) async throws -> NoOutput { NoOutput() }
}

private struct TooOften: PeriodicTask {
    static let runEvery = Duration.milliseconds(10)
    func run(_ context: TaskContext) async throws -> NoOutput { NoOutput() }
}

private struct Named: CeleryTask {
    static let name = "shop.add"
    static let options = TaskOptions(maxRetries: 9)
    func run(_ context: TaskContext) async throws -> NoOutput { NoOutput() }
}
