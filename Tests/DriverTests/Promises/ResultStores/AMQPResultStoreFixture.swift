import Brokers
import CeleryCore
import CeleryDB
import Fixtures
import ResultStores

/// `rpc://`: sent to the mailbox of a project, and kept in its file.
final class RPCResultStoreFixture: ResultStoreFixture {
    static let powers: Set<ResultStorePower> = [.attempts, .oneRecord, .anyIDs, .ownFields, .manyAtOnce, .watching]

    let clock = ManualClock()
    private let folder = TemporaryFolder()
    private let place: AMQPPlace

    init() throws { place = try AMQPPlace() }

    func connect(expires: Double?) throws -> any ResultStore {
        let mailbox = ReplyMailbox(owner: folder.path, expires: expires)
        let store = RPCResultStore(link: try place.broker().link, mailbox: mailbox) { [self] in
            SQLiteResultStore(file: try DatabaseFile(path: folder.file("celery.db")), expires: expires) { [self] in clock.now }
        }
        return AddressedResults(base: store, keeper: self)
    }
}

/// Gives results the address that messages of the project would have given them.
private struct AddressedResults: ResultStore, ResultWatching {
    let base: RPCResultStore
    /// Keeps the place while a connection is in use.
    let keeper: RPCResultStoreFixture
    var location: String { base.location }

    func store(_ results: [TaskResult]) async throws {
        // Submitting makes the mailbox; so does looking into it.
        _ = try await base.results(for: [TaskID("nobody's")])
        try await base.store(
            results.map { result in
                var addressed = result
                addressed.replyTo = base.replyAddress
                return addressed
            })
    }

    func results(for ids: [TaskID]) async throws -> [TaskID: TaskResult] { try await base.results(for: ids) }
    func forget(_ ids: [TaskID]) async throws -> Int { try await base.forget(ids) }
    func mark() async -> ResultMark { await base.mark() }
    func waitForChange(since mark: ResultMark, until deadline: ContinuousClock.Instant?) async throws {
        try await base.waitForChange(since: mark, until: deadline)
    }
    func close() async { await base.close() }
}

/// `amqp://`: a queue for each result.
final class QueueResultStoreFixture: ResultStoreFixture {
    static let powers: Set<ResultStorePower> = [.attempts, .anyIDs, .ownFields]

    let clock = ManualClock()
    private let place: AMQPPlace

    init() throws { place = try AMQPPlace() }

    func connect(expires: Double?) throws -> any ResultStore {
        AMQPResultStore(link: try place.broker().link, expires: expires)
    }
}
