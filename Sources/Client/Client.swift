// Submits tasks and queries their results, for commands and for Swift programs.

public import CeleryCore
import CeleryDB
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
    /// The sender of `task-sent` events.
    let eventSource = EventSource(hostname: MessageFactory.origin, pid: Int(getpid()))
    let remaining = RemainingWork()

    /// Opens the configured broker. Opens the result store on first use, or at once if it shares the broker's file.
    /// Blocks while files are opened.
    ///
    /// - Parameters:
    ///   - environment: Tells a task that submits other tasks its own id (`CELERY_TASK_ID`, `CELERY_ROOT_ID`).
    ///   - willSend: Whether the caller is about to send messages: a connection to a remote broker is then begun at once.
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

    /// The result store, opened on first use. Opening a file blocks.
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

    /// Sends a task by its name. Returns when the broker has stored the message durably.
    ///
    /// - Throws: `DriverError`, as `Broker.publish`.
    public func send(
        _ task: String, args: [JSON] = [], kwargs: JSONObject = [:], options: SendOptions = SendOptions()
    ) async throws -> AsyncResult<JSON> {
        let message = factory.message(task, args: args, kwargs: kwargs, options: options)
        try await publish([message])
        return AsyncResult(id: message.id, client: self)
    }

    /// Sends a Swift task. Returns when the broker has stored the message durably.
    ///
    /// - Throws: `DriverError`, as `Broker.publish`; an error of encoding the task's arguments.
    public func send<Work: CeleryTask>(
        _ work: Work, options: SendOptions = SendOptions()
    ) async throws -> AsyncResult<Work.Output> {
        let arguments = try TaskArgumentsEncoder.encode(work)
        let message = factory.message(
            Work.name, args: arguments.args, kwargs: arguments.kwargs, options: options, task: Work.options)
        try await publish([message])
        return AsyncResult(id: message.id, client: self)
    }

    /// The result of a task that was sent earlier, possibly by another process.
    public func result(of id: TaskID) -> AsyncResult<JSON> { AsyncResult(id: id, client: self) }

    /// A factory for messages without a parent, with other settings than those of the client.
    package func factory(_ settings: Settings) -> MessageFactory {
        MessageFactory(settings: settings, environment: [:], replyTo: connections.replyTo)
    }

    /// Throws if this user may not write to the file of the broker: a worker would fail at its first message.
    package func checkMayWork() throws { try (broker as? any SQLiteFileHolding)?.file.checkMayWrite() }

    /// Closes the broker and the result store, after the messages of maps that were left early are withdrawn.
    public func close() async {
        await remaining.end()
        await broker.close()
        await opened.withLock { $0 }?.close()
    }

    /// Closes the SQLite files of the broker and the result store, if any. Blocks while their write-ahead log is copied into
    /// the file: a process that exits without closing leaves that to the next one.
    package func closeFiles() {
        (broker as? any SQLiteFileHolding)?.file.close()
        (opened.withLock { $0 } as? any SQLiteFileHolding)?.file.close()
    }
}

extension CeleryTask {
    /// Sends this task without options: a short form of `applyAsync`.
    public func delay(using client: Client) async throws -> AsyncResult<Output> {
        try await client.send(self)
    }

    /// Sends this task with options.
    public func applyAsync(using client: Client, options: SendOptions) async throws -> AsyncResult<Output> {
        try await client.send(self, options: options)
    }
}
