import CeleryCore
import FoundationEssentials
import FoundationValues
import Logging
import Schedules
import Testing

@testable import Tasks

/// Functions as tasks.
@Suite struct FunctionTaskTests {
    private struct Point: Codable { var x: Int }

    private func define<each Argument: Decodable & Sendable, Output: Encodable & Sendable>(
        _ names: [String] = [], options: TaskOptions = TaskOptions(),
        _ function: @escaping @Sendable (TaskContext, repeat each Argument) async throws -> Output
    ) throws -> TaskDefinition {
        try TaskDefinition(name: "t", options: options, arguments: names, message: LocalizedErrorMessage.of, function: function)
    }

    private func run(_ definition: TaskDefinition, _ args: JSON..., kwargs: JSONObject = [:]) async -> RunReport? {
        guard case .swift(let runner) = definition.kind else { return nil }
        let context = TaskContext(taskID: TaskID("id-1"), taskName: "t", logger: Logger(label: "test"))
        return await runner.run(TaskArguments(args: args, kwargs: kwargs), context)
    }

    /// The message of the `TypeError` that a call fails with; what else came of it.
    private func mistake(_ definition: TaskDefinition, _ args: JSON..., kwargs: JSONObject = [:]) async -> String {
        guard case .swift(let runner) = definition.kind else { return "no Swift task" }
        let context = TaskContext(taskID: TaskID("id-1"), taskName: "t", logger: Logger(label: "test"))
        let report = await runner.run(TaskArguments(args: args, kwargs: kwargs), context)
        guard case .failure(let failure, _) = report, failure.type == "TypeError" else { return "\(report)" }
        return failure.message
    }

    @Test func `a function takes its arguments in order and returns its value`() async throws {
        let subtract = try define { (_: TaskContext, a: Int, b: Int) in a - b }
        #expect(subtract.name == "t")
        #expect(subtract.source == "built in")
        #expect(await run(subtract, 7, 3) == .success(4))
        #expect(await run(try define { (context: TaskContext) in context.taskID.text }) == .success("id-1"))
        #expect(await run(try define { (_: TaskContext) in NoOutput() }) == .success(nil))
    }

    @Test func `arguments are values of any kind`() async throws {
        let describe = try define { (_: TaskContext, point: Point, names: [String], when: Date, any: JSON) in
            ["\(point.x)", names.joined(), "\(when.timeIntervalSince1970)", "\(any.isNull)"]
        }
        #expect(await run(describe, ["x": 5], ["a", "b"], "1970-01-01T00:00:09Z", nil) == .success(["5", "ab", "9.0", "true"]))
    }

    @Test func `optional arguments may be omitted or null`() async throws {
        let definition = try define { (_: TaskContext, a: Int, b: Int?) in b.map { a + $0 } }
        #expect(await run(definition, 1) == .success(nil))
        #expect(await run(definition, 1, nil) == .success(nil))
        #expect(await run(definition, 1, 2) == .success(3))
    }

    @Test func `arguments with names can be keyword arguments`() async throws {
        let definition = try define(["a", "b"]) { (_: TaskContext, a: Int, b: Int?) in a - (b ?? 0) }
        #expect(await run(definition, kwargs: ["b": 1, "a": 9]) == .success(8))
        #expect(await run(definition, 9, kwargs: ["b": 2]) == .success(7))
        #expect(await run(definition, kwargs: ["a": 9]) == .success(9))
        #expect(await mistake(definition, kwargs: ["b": 1]) == "t() missing required argument 'a'")
        #expect(await mistake(definition, 1, kwargs: ["a": 1]) == "t() got multiple values for argument 'a'")
        #expect(await mistake(definition, 1, kwargs: ["c": 1]) == "t() got an unexpected keyword argument 'c'")
        #expect(await mistake(definition, "one") == "argument 'a' must be an integer, not a string")
    }

    @Test func `arguments that do not fit are Python's TypeError`() async throws {
        let definition = try define { (_: TaskContext, a: Int, b: Int) in a + b }
        #expect(await mistake(definition, 1) == "t() takes 2 arguments but 1 was given")
        #expect(await mistake(definition, 1, 2, 3) == "t() takes 2 arguments but 3 were given")
        #expect(await mistake(definition, 1, "two") == "argument '2' must be an integer, not a string")
        #expect(await mistake(definition, 1, 2, kwargs: ["b": 3]) == "t() got an unexpected keyword argument 'b'")
        // Numbers are not names.
        #expect(await mistake(definition, kwargs: ["1": 3, "2": 4]) == "t() got an unexpected keyword argument '1'")
    }

    @Test func `a thrown error is the failure of the task, and it may ask for a retry`() async throws {
        struct SoldOut: Error {}
        let failing = try define { (_: TaskContext) -> Int in throw SoldOut() }
        guard case .failure(let failure, _)? = await run(failing) else {
            Issue.record("it ran")
            return
        }
        #expect(failure.message == "SoldOut()")
        let retrying = try define { (context: TaskContext) -> Int in throw context.retry(in: .seconds(5)) }
        #expect(await run(retrying) == .retry(delay: .seconds(5), cause: nil))
    }

    @Test func `has the options of any task`() throws {
        let options = TaskOptions(maxRetries: 9, queue: "q", acknowledgement: .early)
        let definition = try define(options: options) { (_: TaskContext) in 1 }
        #expect(definition.options == options)
    }

    @Test func `a periodic function has no required arguments`() throws {
        let daily = TaskOptions(periodic: try PeriodicOptions(Schedule("@daily")))
        #expect(try define(options: daily) { (_: TaskContext, a: Int?) in a }.options.periodic != nil)
        #expect {
            try define(["day"], options: daily) { (_: TaskContext, day: Int) in day }
        } throws: { ($0 as? ScheduleError)?.message == "it requires the argument 'day', but periodic tasks are sent without arguments" }
        #expect(throws: ScheduleError.self) { try define(options: daily) { (_: TaskContext, day: Int) in day } }
    }

    @Test func `refuses names that do not fit the arguments`() {
        func message(_ names: [String]) -> String? {
            do {
                _ = try define(names) { (_: TaskContext, a: Int, b: Int) in a + b }
                return nil
            } catch {
                return "\(error)"
            }
        }
        #expect(message(["a"]) == "task t takes 2 arguments, but has 1 name for them: a")
        #expect(message(["a", "b", "c"]) == "task t takes 2 arguments, but has 3 names for them: a, b, c")
        #expect(message(["a", "a"]) == "task t takes 2 arguments, of which two have one name: a, a")
        #expect(message(["a", "b"]) == nil)
    }

    @Test func `has no name beside another task`() throws {
        var registry = TaskRegistry()
        try registry.register(define { (_: TaskContext) in 1 })
        #expect(throws: AlreadyRegistered.self) { try registry.register(define { (_: TaskContext, a: Int) in a }) }
    }
}
