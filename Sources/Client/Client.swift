// What submits tasks and asks after them: for commands and Swift programs alike.

public import CeleryCore
import Glibc
import Synchronization
public import Tasks

/// A connection to a broker and a result store.
public final class Client: Sendable {
    package let settings: Settings
    package let broker: any Broker
    private let connections: Drivers.Connections
    private let opened = Mutex<(any ResultStore)?>(nil)
    package let factory: MessageFactory
    /// Who tells monitors what was sent.
    let eventSource = EventSource(hostname: MessageFactory.origin, pid: Int(getpid()))

    /// Opens the broker that the settings name, and the result store when it is first needed or shares
    /// the broker's file. Blocks while files are opened.
    ///
    /// - Parameters:
    ///   - environment: where a task finds who it is itself.
    ///   - willSend: whether something is about to be sent: a connection to a broker elsewhere is begun at once.
    /// - Throws: `DriverError`.
    public convenience init(settings: Settings, environment: [String: String] = [:], willSend: Bool = false) throws {
        self.init(settings: settings, try Drivers.open(settings, willSend: willSend), environment: environment)
    }

    package convenience init(
        settings: Settings, broker: any Broker, store: any ResultStore, environment: [String: String] = [:]
    ) {
        self.init(settings: settings, Drivers.Connections(broker: broker, store: store), environment: environment)
    }

    private init(settings: Settings, _ connections: Drivers.Connections, environment: [String: String]) {
        self.settings = settings
        self.connections = connections
        broker = connections.broker
        factory = MessageFactory(settings: settings, environment: environment, replyTo: connections.replyTo)
    }

    /// Where results are. Whoever only sends never opens it. Blocks when that is a file.
    ///
    /// - Throws: `DriverError`.
    package var store: any ResultStore {
        get throws {
            try opened.withLock { opened in
                if let opened { return opened }
                let store = try connections.openStore()
                opened = store
                return store
            }
        }
    }

    /// Sends a task by its name; returns when the broker has it for good.
    ///
    /// - Throws: `DriverError`; then nothing was accepted.
    public func send(
        _ task: String, args: [JSON] = [], kwargs: JSONObject = [:], options: SendOptions = SendOptions()
    ) async throws -> AsyncResult<JSON> {
        let message = factory.message(task, args: args, kwargs: kwargs, options: options)
        try await publish([message])
        return AsyncResult(id: message.id, client: self)
    }

    /// Sends a Swift task.
    public func send<Work: CeleryTask>(
        _ work: Work, options: SendOptions = SendOptions()
    ) async throws -> AsyncResult<Work.Output> {
        let arguments = try TaskArgumentsEncoder.encode(work)
        let message = factory.message(
            Work.name, args: arguments.args, kwargs: arguments.kwargs, options: options, task: Work.options)
        try await publish([message])
        return AsyncResult(id: message.id, client: self)
    }

    /// The result of a task sent earlier, perhaps by another process.
    public func result(of id: TaskID) -> AsyncResult<JSON> { AsyncResult(id: id, client: self) }

    /// Makes messages that are nobody's children, by other settings than those it was opened with.
    package func factory(_ settings: Settings) -> MessageFactory {
        MessageFactory(settings: settings, environment: [:], replyTo: connections.replyTo)
    }

    public func close() async {
        await broker.close()
        await opened.withLock { $0 }?.close()
    }
}

extension CeleryTask {
    /// Sends this task: a handy short form of `applyAsync`.
    public func delay(using client: Client) async throws -> AsyncResult<Output> {
        try await client.send(self)
    }

    /// Sends this task with options.
    public func applyAsync(using client: Client, options: SendOptions) async throws -> AsyncResult<Output> {
        try await client.send(self, options: options)
    }
}
