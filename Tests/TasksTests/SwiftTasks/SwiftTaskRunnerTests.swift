import CeleryCore
import FoundationEssentials
import FoundationValues
import Logging
import Testing

@testable import Tasks

struct Add: CeleryTask {
    var x: Int
    var y: Int
    func run(_ context: TaskContext) async throws -> Int { x + y }
}

struct Shop {
    struct SoldOut: Error, CustomStringConvertible {
        var item: String
        var description: String { "no more \(item)" }
    }
    struct Closed: LocalizedError {
        var errorDescription: String? { "the shop is closed" }
    }
}

private struct Hidden: Error {}

private struct Throwing: CeleryTask {
    var what: String
    func run(_ context: TaskContext) async throws -> NoOutput {
        switch what {
        case "sold out": throw Shop.SoldOut(item: "tea")
        case "closed": throw Shop.Closed()
        case "hidden": throw Hidden()
        case "python": throw TaskFailure(type: "ValueError", arguments: ["too wide", 5], module: "builtins")
        case "retry": throw context.retry()
        case "retry later": throw context.retry(in: .seconds(5), because: Shop.SoldOut(item: "tea"))
        case "wait":
            try await Task.sleep(for: .seconds(600))
        default: break
        }
        return NoOutput()
    }
}

private struct Describing: CeleryTask {
    static let name = "describe"
    func run(_ context: TaskContext) async throws -> [String] {
        [
            context.taskID.text, context.taskName, "\(context.retries)", "\(context.attempt)", context.logFile ?? "-",
            context.logLevel, context.rootID.text, context.parentID?.text ?? "-", "\(context.isCancelled)",
            "\(context.arguments.args)", "\(context.logger[metadataKey: "task_id"] ?? "-")",
        ]
    }
}

@Suite struct SwiftTaskRunnerTests {
    private func context(_ interruption: TaskInterruption = TaskInterruption()) -> TaskContext {
        TaskContext(
            taskID: TaskID("id-1"), taskName: "t", retries: 1, attempt: 2, interruption: interruption,
            logger: Logger(label: "test"))
    }

    private func run<T: CeleryTask>(_ type: T.Type, _ args: JSON..., kwargs: JSONObject = [:]) async -> RunReport {
        await SwiftTaskRunner(type, message: LocalizedErrorMessage.of).run(TaskArguments(args: args, kwargs: kwargs), context())
    }

    @Test func `a task takes its arguments and returns its value`() async {
        #expect(await run(Add.self, 2, 3) == .success(5))
        #expect(await run(Add.self, 2, kwargs: ["y": 40]) == .success(42))
        #expect(await run(Throwing.self, "nothing") == .success(nil))
    }

    @Test func `a task is named by its module and type unless it says otherwise`() {
        #expect(SwiftTaskRunner(Add.self).name == "TasksTests.Add")
        #expect(SwiftTaskRunner(Describing.self).name == "describe")
        #expect(SwiftTaskRunner(Add.self).options == TaskOptions())
    }

    @Test func `arguments that do not fit are Python's TypeError`() async {
        guard case .failure(let failure, let traceback) = await run(Add.self, 1, 2, 3) else {
            Issue.record("it ran")
            return
        }
        #expect(failure == TaskFailure(
            type: "TypeError", arguments: ["TasksTests.Add() takes 2 arguments but 3 were given"], module: "builtins"))
        #expect(traceback == "t[id-1], attempt 2:\nTypeError: TasksTests.Add() takes 2 arguments but 3 were given\n")
        guard case .failure(let second, _) = await run(Add.self, "a", 2) else {
            Issue.record("it ran")
            return
        }
        #expect(second.message == "argument 'x' must be an integer, not a string")
    }

    @Test(arguments: [
        ("sold out", "Shop.SoldOut", "no more tea", "TasksTests"), ("closed", "Shop.Closed", "the shop is closed", "TasksTests"),
        ("hidden", "Hidden", "Hidden()", "TasksTests"),
    ])
    func `a thrown error is a failure with its type, module and message`(
        what: String, type: String, message: String, module: String
    ) async {
        guard case .failure(let failure, _) = await run(Throwing.self, .string(what)) else {
            Issue.record("it did not fail")
            return
        }
        #expect(failure == TaskFailure(type: type, arguments: [.string(message)], module: module))
    }

    @Test func `a task may throw a failure that Python knows`() async {
        guard case .failure(let failure, _) = await run(Throwing.self, "python") else {
            Issue.record("it did not fail")
            return
        }
        #expect(failure == TaskFailure(type: "ValueError", arguments: ["too wide", 5], module: "builtins"))
    }

    @Test func `an error of the standard library has its own module`() {
        #expect(TaskFailure(error: CancellationError()).module == "Swift")
        #expect(TaskFailure(error: CancellationError()).type == "CancellationError")
    }

    @Test func `an error of a generic or local type has a readable name`() {
        struct Local: Error {}
        #expect(TaskFailure(error: Local()).type == "SwiftTaskRunnerTests.Local")
        #expect(TaskFailure(error: Wrapped<Int>.Inner(value: 1)).type == "Wrapped<Swift.Int>.Inner")
    }

    @Test func `a retry reports its delay and cause`() async {
        #expect(await run(Throwing.self, "retry") == .retry(delay: nil, cause: nil))
        #expect(
            await run(Throwing.self, "retry later")
                == .retry(
                    delay: .seconds(5),
                    cause: TaskFailure(type: "Shop.SoldOut", arguments: ["no more tea"], module: "TasksTests")))
    }

    @Test func `a task that stops at its soft limit fails of the limit`() async {
        let interruption = TaskInterruption()
        let context = context(interruption)
        let run = Task { await SwiftTaskRunner(Throwing.self).run(TaskArguments(args: ["wait"]), context) }
        #expect(!context.isOverSoftTimeLimit)
        interruption.softTimeLimitPassed(.seconds(90))
        run.cancel()
        guard case .failure(let failure, _) = await run.value else {
            Issue.record("it did not fail")
            return
        }
        #expect(failure == .softTimeLimitExceeded(90))
        #expect(context.isOverSoftTimeLimit)
    }

    @Test func `a task that is cancelled for another reason fails of that`() async {
        let context = context()
        let run = Task { await SwiftTaskRunner(Throwing.self).run(TaskArguments(args: ["wait"]), context) }
        run.cancel()
        guard case .failure(let failure, _) = await run.value else {
            Issue.record("it did not fail")
            return
        }
        #expect(failure.type == "CancellationError")
    }

    @Test func `the context tells a task what it is`() async {
        let context = TaskContext(
            taskID: TaskID("i"), taskName: "describe", retries: 2, attempt: 4, logFile: "/l", logLevel: "DEBUG",
            parentID: TaskID("p"), arguments: TaskArguments(args: [7]), logger: Logger(label: "test"))
        let report = await SwiftTaskRunner(Describing.self).run(TaskArguments(), context)
        #expect(report == .success(["i", "describe", "2", "4", "/l", "DEBUG", "i", "p", "false", "[CeleryCore.JSON.int(7)]", "i"]))
    }
}

private enum Wrapped<Value: Sendable> {
    struct Inner: Error { var value: Value }
}
