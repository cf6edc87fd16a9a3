package import CeleryAMQP
package import CeleryCore
import RabbitMQ
import Synchronization
import Wire

/// Results sent to the waiting client, as Python's `rpc://` does (`rpc-result-*` in `Tests/Golden`).
///
/// A worker sends each result to the queue its message names. Results for this project are moved from its
/// `ReplyMailbox` to a SQLite file and read from there.
package final class RPCResultStore: ResultStore, ResultAnswering {
    package let location: String
    package let replyAddress: String
    private let link: AMQPLink
    private let mailbox: ReplyMailbox
    /// Opens the file on first use.
    private let openKept: @Sendable () throws -> SQLiteResultStore
    private let kept = Mutex<SQLiteResultStore?>(nil)
    private let reader = Mutex<MailboxReader?>(nil)

    package init(
        link: AMQPLink, mailbox: ReplyMailbox, kept: @escaping @Sendable () throws -> SQLiteResultStore
    ) {
        self.link = link
        self.mailbox = mailbox
        openKept = kept
        location = "rpc://"
        replyAddress = mailbox.queue.name
    }

    package func store(_ results: [TaskResult]) async throws {
        // The waiting client may be gone.
        try await link.publish(results.compactMap(ReplyMessage.message).map { Publication($0, isMandatory: false) })
    }

    package func results(for ids: [TaskID]) async throws -> [TaskID: TaskResult] {
        let store = try file()
        let found = try await store.results(for: ids)
        guard ids.contains(where: { found[$0]?.state.isReady != true }), reader.withLock({ $0 == nil }) else { return found }
        try await emptyMailbox(into: store)
        return try await store.results(for: ids)
    }

    package func forget(_ ids: [TaskID]) async throws -> Int {
        let store = try file()
        try await emptyMailbox(into: store)
        return try await store.forget(ids)
    }

    package func close() async {
        let reader = reader.withLock { reader in
            defer { reader = nil }
            return reader
        }
        await reader?.close()
        await kept.withLock({ $0 })?.close()
    }

    private func file() throws -> SQLiteResultStore {
        try kept.withLock { kept in
            if let kept { return kept }
            let opened = try openKept()
            kept = opened
            return opened
        }
    }

    /// Moves the results that have arrived. A result is acknowledged only when it is in the file.
    private func emptyMailbox(into store: SQLiteResultStore) async throws {
        // Several rounds are needed only while results keep arriving.
        for _ in 0..<3 {
            let count = try await link.ask { [queue = mailbox.queue] (connection, channel) throws(RabbitMQError) in
                try connection.declare(queue, on: channel).messages
            }
            if count == 0 { return }
            let reader = try MailboxReader(link: link, queue: mailbox.queue, into: store)
            do {
                try await reader.waitFor(count)
            } catch {
                await reader.close()
                throw error
            }
            await reader.close()
        }
    }

    /// Starts moving results as they arrive.
    private func startReading() throws {
        let store = try file()
        try reader.withLock { reader in
            if reader == nil { reader = try MailboxReader(link: link, queue: mailbox.queue, into: store) }
        }
    }
}

extension RPCResultStore: ResultWatching {
    package func mark() async -> ResultMark {
        // Without the file, waiting reports the error.
        guard let store = try? file() else { return ResultMark(number: 0) }
        return await store.mark()
    }

    package func waitForChange(since mark: ResultMark, until deadline: ContinuousClock.Instant?) async throws {
        try startReading()
        try await file().waitForChange(since: mark, until: deadline)
        if let error = reader.withLock({ $0?.trouble }) { throw error }
    }
}

extension RPCResultStore: ResultFeeding {
    package func feedPosition() async throws -> Int64 { try await file().feedPosition() }

    package func changes(after position: Int64) async throws -> (ids: [TaskID], position: Int64) {
        try await file().changes(after: position)
    }
}
