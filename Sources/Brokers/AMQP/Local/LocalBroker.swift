import CeleryCore
import CeleryDB
import Synchronization

/// The project's own `celery.db`, for what a server cannot keep: messages until their ETA, commands for workers, and statistics.
///
/// Each machine has its own file. The file is opened when it is needed first.
final class LocalBroker: Sendable {
    private let open: (@Sendable (_ creates: Bool) throws -> SQLiteBroker?)?
    private let opened = Mutex<SQLiteBroker?>(nil)

    /// - Parameter open: Opens the file. Where there is none, it creates the file if it is told to, and else returns `nil`.
    init(_ open: (@Sendable (_ creates: Bool) throws -> SQLiteBroker?)?) { self.open = open }

    /// For reading, which must not create the file; `nil` when nothing was ever kept. Blocks the first time.
    ///
    /// - Throws: `DriverError` when the file cannot be opened.
    func existing() throws -> SQLiteBroker? { try broker(creating: false) }

    /// Opens the file, or creates it. Blocks the first time.
    ///
    /// - Throws: `DriverError`; `unsupported` when there is no project.
    func broker() throws -> SQLiteBroker {
        if let broker = try broker(creating: true) { return broker }
        throw DriverError(
            .unsupported, "there is no celery.db to keep what the broker cannot", hint: "start in a project: celery startproject NAME")
    }

    private func broker(creating creates: Bool) throws -> SQLiteBroker? {
        try opened.withLock { opened in
            if let opened { return opened }
            opened = try open?(creates)
            return opened
        }
    }

    /// Keeps commands for workers that use the file, now and later.
    func keep(_ entries: [CommandStream.Entry], now: Timestamp) async throws {
        try await broker().file.write(waking: true) { db in
            try StandingCommandTable.dropEnded(now: now, in: db)
            for entry in entries {
                switch entry {
                case .revoke(let revocation): try StandingCommandTable.add(revocation, in: db)
                case .pause(let queue, let pause): try StandingCommandTable.pause(queue, pause, in: db)
                case .resume(let queue): _ = try StandingCommandTable.resume(queue, now: now, in: db)
                case .seed: break
                }
            }
        }
    }

    func close() async {
        let broker = opened.withLock { opened in
            defer { opened = nil }
            return opened
        }
        await broker?.close()
    }
}
