import Brokers
import CeleryCore
import Client
import ResultStores
import Tasks
import Wire

/// A client whose broker and results are in this process.
struct ClientFixture {
    let broker = MemoryBroker()
    let store = MemoryResultStore()
    let client: Client

    init(environment: [String: String] = [:], _ configure: (inout Settings) -> Void = { _ in }) {
        var settings = Settings(projectFolder: "/nowhere")
        configure(&settings)
        client = Client(settings: settings, broker: broker, store: store, environment: environment)
    }

    /// The messages that wait in a queue, as a worker gets them.
    func sent(to queue: String = "celery") async throws -> [Message] {
        let worker = WorkerIdentity(id: TaskID().text, name: "w", pid: 1, process: "")
        let consumer = await broker.consumer(of: [queue], as: worker)
        let messages = try await consumer.take(1_000).map(\.message)
        await consumer.close()
        return messages
    }

    /// What a worker would record of a task.
    func finish(_ id: TaskID, _ state: TaskState, _ value: JSON = .null, failure: TaskFailure? = nil) async throws {
        try await store.store([TaskResult(id: id, state: state, value: value, failure: failure)])
    }
}

/// A task with all kinds of options.
struct Press: CeleryTask {
    var text: String
    var copies: Int?

    static let name = "press"
    static var options: TaskOptions {
        var options = TaskOptions()
        options.queue = "paper"
        options.priority = 7
        return options
    }

    func run(_ context: TaskContext) async throws -> [String] { Array(repeating: text, count: copies ?? 1) }
}
