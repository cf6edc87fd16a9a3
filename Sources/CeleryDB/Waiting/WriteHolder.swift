import CeleryCore
import Glibc
import Processes

/// The process that blocks other writers of a database file.
enum WriteHolder: Equatable {
    case process(ProcessSight)
    /// A process that is invisible here: in another container, or already gone.
    case unseen

    /// Who stands first in the `WriteQueue` of a database, or keeps that one waiting with a lock of SQLite's own.
    static func ofLine(database path: String) -> WriteHolder {
        let first = FileLocks(path: path + "-wal").locks.first { $0.kind == .flock && $0.isExclusive && !$0.isWaiting }
        let holder = first.flatMap { ProcessSight(of: $0.process) }
        if holder?.suspension == nil, let other = ofLock(database: path), other.suspension != nil { return .process(other) }
        return holder.map(WriteHolder.process) ?? .unseen
    }

    /// Another process that holds SQLite's own write lock.
    ///
    /// See sqlite.org/walformat.html, section 2.3.1 (WAL_WRITE_LOCK is byte 120 of the -shm file), and `PENDING_BYTE`
    /// in os.h of SQLite for databases without a WAL.
    static func ofLock(database path: String) -> ProcessSight? {
        func holder(_ path: String, _ bytes: ClosedRange<UInt64>) -> ProcessSight? {
            FileLocks(path: path).locks.first {
                $0.kind == .posix && $0.isExclusive && !$0.isWaiting && $0.process != getpid() && $0.bytes.overlaps(bytes)
            }.flatMap { ProcessSight(of: $0.process) }
        }
        let pending: UInt64 = 0x4000_0000
        return holder(path + "-shm", 120...120) ?? holder(path, pending...pending + 511)
    }

    /// The error for a database that this process blocks.
    ///
    /// - Parameter idle: How long nothing has been written.
    func error(database path: String, idle: Duration) -> DriverError {
        switch self {
        case .process(let process):
            return process.suspension.map { Self.error(database: path, process, $0) } ?? DriverError(
                .tryAgain,
                "database \(path) has been held for \(idle.components.seconds) seconds by \(process), which has written nothing")
        case .unseen:
            return DriverError(
                .tryAgain, "database \(path) is held by a process that is not visible here and has written nothing for \(idle.components.seconds) seconds",
                hint: "look for a stopped worker or command, in other containers too")
        }
    }

    static func error(database path: String, _ process: ProcessSight, _ suspension: ProcessSight.Suspension) -> DriverError {
        switch suspension {
        case .stopped:
            DriverError(
                .tryAgain, "database \(path) is held by \(process), which is stopped",
                hint: "resume it with 'kill -CONT \(process.id)', or end it with 'kill -KILL \(process.id)'")
        case .frozen:
            DriverError(
                .tryAgain, "database \(path) is held by \(process), which is frozen",
                hint: "thaw its container, or end it with 'kill -KILL \(process.id)'")
        }
    }
}
