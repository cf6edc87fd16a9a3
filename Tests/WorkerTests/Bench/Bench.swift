import Brokers
import CeleryCore
import CeleryDB
import Fixtures
import Glibc
import Logging
import Processes
import ResultStores
import Tasks
import Wire
import Worker

/// Where the messages and results of a test are kept.
enum Backing: CaseIterable {
    case memory, sqlite

    func open(
        in folder: TemporaryFolder, _ now: @escaping @Sendable () -> Timestamp = { .now }
    ) throws -> (any Broker, any ResultStore) {
        switch self {
        case .memory: return (MemoryBroker(now: now), MemoryResultStore(now: now))
        case .sqlite:
            let file = try DatabaseFile(path: folder.file("celery.db"))
            return (
                SQLiteBroker(file: file, resultExpires: nil, processLives: { _ in nil }, now: now),
                SQLiteResultStore(file: file, expires: nil, now: now)
            )
        }
    }
}

/// A project of one test: broker, store, tasks. Programs run in its folder.
struct Bench: Sendable {
    let folder = TemporaryFolder()
    var broker: any Broker
    var store: any ResultStore
    var registry = TaskRegistry()
    /// The task files to follow; `nil` for tasks that never change.
    var files: TaskFiles?
    /// The time for broker, store and worker. Programs and pool children go by the real one.
    let now: @Sendable () -> Timestamp

    /// At any broker, and by the real time.
    init(broker: any Broker, store: any ResultStore) {
        now = { .now }
        (self.broker, self.store) = (broker, store)
    }

    /// - Parameter clock: Moved by the test alone; `nil` goes by the real time.
    init(_ backing: Backing = .memory, _ clock: ManualClock? = nil) throws {
        if let clock { now = { clock.now } } else { now = { .now } }
        (broker, store) = try backing.open(in: folder, now)
    }

    /// Adds a task of `celery-example`, of which the pool's children are made.
    mutating func addExample(_ name: String, _ options: TaskOptions = TaskOptions()) throws {
        try registry.register(
            TaskDefinition(
                name: "example.\(name)", options: options, kind: .swift(SwiftTaskRunner(StandIn.self)), source: "built in"))
    }

    /// Adds a shell script as task `NAME`.
    mutating func addProgram(_ name: String, _ options: TaskOptions = TaskOptions(), _ script: String) throws {
        let path = try folder.program(name, "#!/bin/sh\n\(script)\n")
        try registry.register(TaskDefinition(name: name, options: options, kind: .program(path: path), source: name))
    }

    /// Has the worker follow the task files of the app `app`.
    mutating func followFiles() throws {
        makeTasksFolder()
        let files = TaskFiles(apps: ["app"], in: folder.path, builtIn: registry, guardedBy: .current)
        (registry, self.files) = (files.registry, files)
    }

    private func makeTasksFolder() {
        for name in ["app", "app/tasks"] { mkdir(folder.file(name), 0o755) }
    }

    /// Writes a shell script as the file of task `app.tasks.NAME`, with option lines.
    func writeTask(_ name: String, _ options: String = "", _ script: String) throws {
        makeTasksFolder()
        _ = try folder.program("app/tasks/\(name)", "#!/bin/sh\n\(options.isEmpty ? "" : "# celery: \(options)\n")\(script)\n")
    }

    /// Adds a task `wait`, which says by the file `started.ARG` that it runs, and ends when there is a file `gate`.
    mutating func addGate(_ options: TaskOptions = TaskOptions()) throws {
        // It also ends when the test is over, or was killed.
        try addProgram(
            "wait", options,
            """
            touch started.$1
            looks=0
            while test ! -e gate -a -e started.$1 -a $looks -lt 5000; do sleep 0.02; looks=$((looks + 1)); done
            echo waited
            """)
    }

    func openGate() throws { try folder.write("", to: "gate") }

    /// Waits until the task `wait ARG` runs.
    func hasStarted(_ argument: String) async throws -> Bool {
        try await eventually { folder.contains("started.\(argument)") }
    }

    /// Starts a worker, and returns once it consumes.
    func start(children: Int = 1, _ configure: (inout WorkerConfiguration) -> Void = { _ in }) async throws -> RunningWorker {
        try await RunningWorker(self, children: children, configure)
    }

    func message(_ task: String, _ args: [JSON] = [], _ kwargs: JSONObject = [:], embed: TaskArguments.Embed = .init()) -> Message {
        Message(task: task, body: BodyCodec.encode(TaskArguments(args: args, kwargs: kwargs, embed: embed)))
    }

    @discardableResult
    func send(_ task: String, _ args: JSON..., kwargs: JSONObject = [:]) async throws -> TaskID {
        let message = message(task, args, kwargs)
        try await broker.publish([message])
        return message.id
    }

    /// Waits for the final result.
    func result(of id: TaskID) async throws -> TaskResult {
        try await promptly("the result of \(id)", within: .seconds(60)) { [store] in
            let watching = store as? any ResultWatching
            while true {
                let mark = await watching?.mark()
                do {
                    if let result = try await store.results(for: [id])[id], result.state.isReady { return result }
                } catch let error as DriverError where error.code == .unreachable {
                    // As `celery apply --wait` does, it waits for a server that is away.
                    try await Task.sleep(for: .milliseconds(50))
                    continue
                }
                if let watching, let mark {
                    try await watching.waitForChange(since: mark, until: nil)
                } else {
                    try await Task.sleep(for: .milliseconds(5))
                }
            }
        }
    }

    /// What the store has now, final or not.
    func record(of id: TaskID) async throws -> TaskResult? { try await store.results(for: [id])[id] }

    /// What the broker still has of a message.
    func location(of id: TaskID) async throws -> MessageLocation? {
        try await (broker as? any MessageLocating)?.locate([id])[id]
    }
}

/// Stands for a task of `celery-example` in the registry of the worker, which needs only name and options.
private struct StandIn: CeleryTask {
    func run(_ context: TaskContext) async throws -> NoOutput { NoOutput() }
}
