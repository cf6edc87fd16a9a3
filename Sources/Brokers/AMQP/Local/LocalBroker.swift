import CeleryCore
import CeleryDB
import Synchronization

/// The project's own `celery.db`, for what a server cannot keep: messages until their ETA, commands for workers, and statistics.
///
/// Each machine has its own file. The file is opened when it is needed first.
final class LocalBroker: Sendable {
    private let open: (@Sendable () throws -> SQLiteBroker)?
    private let isThere: @Sendable () -> Bool
    private let opened = Mutex<SQLiteBroker?>(nil)

    /// - Parameters:
    ///   - open: Opens the file, or creates it.
    ///   - isThere: Whether the file exists.
    init(_ open: (@Sendable () throws -> SQLiteBroker)?, isThere: @escaping @Sendable () -> Bool = { true }) {
        (self.open, self.isThere) = (open, isThere)
    }

    /// For reading, which must not create the file; `nil` when nothing was ever kept. Blocks the first time.
    ///
    /// - Throws: `DriverError`; `unsupported` when there is no project.
    func existing() throws -> SQLiteBroker? { isThere() ? try broker() : nil }

    /// Opens the file, or creates it. Blocks the first time.
    ///
    /// - Throws: `DriverError`; `unsupported` when there is no project.
    func broker() throws -> SQLiteBroker {
        try opened.withLock { opened in
            if let opened { return opened }
            guard let open else {
                throw DriverError(
                    .unsupported, "there is no celery.db to keep what the broker cannot",
                    hint: "start in a project: celery startproject NAME")
            }
            let made = try open()
            opened = made
            return made
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
