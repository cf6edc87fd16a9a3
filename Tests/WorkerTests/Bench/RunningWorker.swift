import CeleryCore
import Fixtures
import Glibc
import Logging
import Processes
import Synchronization
import Testing
import Worker

/// A worker of this process with a real pool.
struct RunningWorker: Sendable {
    let worker: Worker
    let log = LogBook()
    private let name: String
    private let task: Task<Void, any Error>

    init(_ bench: Bench, children: Int, _ configure: (inout WorkerConfiguration) -> Void) async throws {
        // argv[0] of its children, by which they are found.
        name = "pool-of-\(TaskID())"
        var pool = PoolConfiguration(
            size: children, executable: BuiltProgram("celery-example").path, arguments: [name, PoolChildMain.argument],
            folder: bench.folder.path)
        // A crash on purpose need not be analysed.
        pool.environment["SWIFT_BACKTRACE"] = "enable=no"
        let identity = WorkerIdentity(
            id: TaskID().text, name: "celery@test", pid: Int(getpid()), process: ProcessIdentity.current?.description ?? "")
        var configuration = WorkerConfiguration(identity: identity, queues: ["celery"], pool: pool)
        configure(&configuration)
        let worker = Worker(
            configuration: configuration, broker: bench.broker, store: bench.store, registry: bench.registry,
            files: bench.files, logger: log.logger, now: bench.now)
        self.worker = worker
        let (ready, isReady) = AsyncStream.makeStream(of: Void.self)
        task = Task {
            defer { isReady.finish() }
            try await worker.run { isReady.finish() }
        }
        try await promptly("the start of the worker", within: .seconds(60)) { for await _ in ready {} }
    }

    /// Asks it to stop; returns when it has.
    func stop(_ how: Shutdown = .warm) async throws {
        await worker.stop(how)
        try await end()
    }

    /// Waits until it has ended.
    /// - Throws: what it ended with.
    func end() async throws {
        try await promptly("the end of the worker", within: .seconds(60)) { [task] in try await task.value }
    }

    func cancel() { task.cancel() }

    /// The process ids of its children.
    var children: [Int] {
        guard let folder = opendir("/proc") else { return [] }
        defer { closedir(folder) }
        var found: [Int] = []
        while let entry = readdir(folder) {
            let number = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { Int(String(cString: $0)) }
            }
            guard let number else { continue }
            let descriptor = open("/proc/\(number)/cmdline", O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else { continue }
            var bytes = [UInt8](repeating: 0, count: 128)
            let count = max(0, read(descriptor, &bytes, bytes.count))
            close(descriptor)
            if String(decoding: bytes[..<count].prefix { $0 != 0 }, as: UTF8.self) == name { found.append(number) }
        }
        return found
    }
}

/// Collects what a worker logs.
final class LogBook: Sendable {
    private let book = Mutex<[String]>([])

    var lines: [String] { book.withLock { $0 } }

    func contains(_ text: String) -> Bool { lines.contains { $0.contains(text) } }

    /// Waits for a line.
    func eventuallyContains(_ text: String) async throws -> Bool { try await eventually { self.contains(text) } }

    var logger: Logger {
        Logger(label: "test") { _ in Handler(book: self) }
    }

    private struct Handler: LogHandler {
        let book: LogBook
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.debug

        init(book: LogBook) { self.book = book }

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            book.book.withLock { $0.append("\(event.level.rawValue): \(event.message.description)") }
        }
    }
}
