import Celery

/// Adds two numbers.
struct Add: CeleryTask {
    static let name = "example.add"
    var x: Int
    var y: Int

    func run(_ context: TaskContext) async throws -> Int { x + y }
}

/// Does nothing, as fast as it can: for measuring.
struct Nothing: CeleryTask {
    static let name = "example.nothing"

    func run(_ context: TaskContext) async throws -> Int? { nil }
}

/// Throws when it cannot do its work.
struct Divide: CeleryTask {
    static let name = "example.divide"
    var dividend: Double
    var divisor: Double

    struct DivisionByZero: Error, CustomStringConvertible {
        var dividend: Double
        var description: String { "cannot divide \(dividend) by zero" }
    }

    func run(_ context: TaskContext) async throws -> Double {
        guard divisor != 0 else { throw DivisionByZero(dividend: dividend) }
        return dividend / divisor
    }
}

/// Takes its whole process down, as a programming error does.
struct Crash: CeleryTask {
    static let name = "example.crash"
    static let options = TaskOptions(crashLimit: 2)

    func run(_ context: TaskContext) async throws -> Int {
        fatalError("this task crashes on purpose, in attempt \(context.attempt)")
    }
}

/// Runs for long, but stops when it is told to.
struct Wait: CeleryTask {
    static let name = "example.wait"
    var seconds: Double
    /// Goes on in spite of the soft limit.
    var stubborn: Bool?

    func run(_ context: TaskContext) async throws -> String {
        let end = ContinuousClock.now + .seconds(seconds)
        while ContinuousClock.now < end {
            if context.isCancelled && stubborn != true { throw CancellationError() }
            // Sleeping that is cancelled returns at once; a stubborn task then only spins.
            try? await Task.sleep(until: min(end, .now + .milliseconds(20)))
        }
        return "waited \(seconds) s"
    }
}

/// Does several things at the same time.
struct Fetch: CeleryTask {
    static let name = "example.fetch"
    var names: [String]

    func run(_ context: TaskContext) async throws -> [String: Int] {
        try await withThrowingTaskGroup(of: (String, Int).self) { group in
            for name in names {
                group.addTask {
                    try await Task.sleep(for: .milliseconds(10))
                    return (name, name.count)
                }
            }
            var lengths: [String: Int] = [:]
            for try await (name, length) in group { lengths[name] = length }
            return lengths
        }
    }
}

/// Works only after a few tries.
struct Unsteady: CeleryTask {
    static let name = "example.unsteady"
    static let options = TaskOptions(maxRetries: 5)
    var failures: Int

    struct NotYet: Error {}

    func run(_ context: TaskContext) async throws -> String {
        guard context.retries >= failures else { throw context.retry(in: .milliseconds(50), because: NotYet()) }
        return "worked after \(context.retries) retries"
    }
}

/// Logs, and tells what it knows of itself.
struct Announce: CeleryTask {
    static let name = "example.announce"
    var text: String
    var times: Int?

    func run(_ context: TaskContext) async throws -> [String: String] {
        let logger = context.logger
        for _ in 0..<(times ?? 1) { logger.info("announcing \(text)") }
        return [
            "task_id": context.taskID.text, "task_name": context.taskName, "retries": "\(context.retries)",
            "loglevel": context.logLevel, "logfile": context.logFile ?? "",
        ]
    }
}

/// Takes memory, and keeps it for a while.
struct Hoard: CeleryTask {
    static let name = "example.hoard"
    var megabytes: Int
    var seconds: Double?

    func run(_ context: TaskContext) async throws -> String {
        // Written, not only asked for: what is not written costs nothing.
        let hoard = (0..<megabytes).map { [UInt8](repeating: UInt8(truncatingIfNeeded: $0 | 1), count: 1 << 20) }
        try await Task.sleep(for: .seconds(seconds ?? 0))
        return "had \(hoard.count) MB"
    }
}

/// Counts slowly, and says how far it has come.
struct Count: CeleryTask {
    static let name = "example.count"
    var end: Int

    func run(_ context: TaskContext) async throws -> Int {
        for number in 1...max(1, end) {
            context.progress(Double(number), of: Double(end), "counting")
            try await Task.sleep(for: .milliseconds(25))
        }
        context.note("counted", .int(Int64(end)))
        return end
    }
}
