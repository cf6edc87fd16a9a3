import CLinux
import CeleryCore
import Dispatch
import Glibc
import Processes
import Synchronization

/// The line in which the writers of all processes wait for their turn.
///
/// A `flock(2)` on the WAL: the kernel wakes the next one, so that a thousand waiting
/// submitters cost nothing, where SQLite's busy handler would have each of them poll.
/// SQLite itself never locks that file, and the kernel frees the lock of a dead process.
///
/// A process that is stopped in its turn keeps all others waiting. A waiting writer looks now and then who that is,
/// and gives up soon when it is not going to end by itself.
final class WriteQueue: Sendable {
    private let descriptor: Int32
    private let database: String
    /// Whom the last look saw in the first place.
    private let suspicion = Mutex<Suspicion?>(nil)

    /// How long to wait for a turn before giving up.
    private static let patience: Duration = .seconds(60)
    /// The first look at who is first, and the time between two looks.
    private static let lookInterval: Duration = .seconds(4)
    /// How long one that may run may hold the file and write nothing. A disk that is busy may take many seconds.
    private static let idlePatience: Duration = .seconds(30)

    /// Somebody who may be about to stay.
    private struct Suspicion {
        var holder: WriteHolder
        /// The size and the time stamp of the WAL: somebody writes when they change.
        var mark: Mark
        var since: ContinuousClock.Instant

        struct Mark: Equatable {
            var size: Int
            var seconds: Int
            var nanoseconds: Int
        }
    }

    init(path: String, database: String) throws(DriverError) {
        self.database = database
        descriptor = open(path, O_RDWR | O_CLOEXEC)
        if descriptor < 0 {
            throw DriverError(.noPermission, "cannot open \(path): \(text(of: errno))")
        }
    }

    deinit { close(descriptor) }

    /// Waits for the turn. Blocks the calling thread.
    ///
    /// - Throws: `.tryAgain` when it does not come within a minute, or when a process holds it that is stopped.
    func acquire() throws(DriverError) {
        if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return suspicion.withLock { $0 = nil } }
        // The same as when a call before this one gave up: no call waits for it again.
        if suspicion.withLock({ $0 != nil }) { try look() }
        // flock has no timeout; a signal without SA_RESTART ends the wait.
        let start = ContinuousClock.now
        var nextLook = start + Self.lookInterval
        try interrupted(every: .seconds(1)) { () throws(DriverError) in
            while flock(descriptor, LOCK_EX) != 0 {
                guard errno == EINTR else {
                    throw DriverError(.unreachable, "cannot lock database \(database): \(text(of: errno))")
                }
                if start + Self.patience <= .now {
                    throw DriverError(.tryAgain, "database \(database) is busy: no turn to write within a minute")
                }
                if nextLook <= .now {
                    try look()
                    nextLook = .now + Self.lookInterval
                }
            }
        }
        do throws(DriverError) {
            // The one before us may have left because a program is stopped with SQLite's own lock; so would we, later.
            if suspicion.withLock({ $0 != nil }), WriteHolder.ofLock(database: database)?.suspension != nil { try look() }
        } catch {
            release()
            throw error
        }
        suspicion.withLock { $0 = nil }
    }

    /// Sees who is first in the line.
    ///
    /// - Throws: `.tryAgain` when the last look saw the same one too, and it is not going to end soon.
    private func look() throws(DriverError) {
        let current = Suspicion(holder: WriteHolder.ofLine(database: database), mark: mark(), since: .now)
        let since = suspicion.withLock { suspicion in
            if suspicion?.holder != current.holder || suspicion?.mark != current.mark { suspicion = current }
            return suspicion?.since ?? current.since
        }
        let idle = ContinuousClock.now - since
        let limit: Duration
        switch current.holder {
        case .process(let process): limit = process.suspension == nil ? Self.idlePatience : Self.lookInterval
        case .unseen: limit = Self.lookInterval
        }
        if idle >= limit { throw current.holder.error(database: database, idle: idle) }
    }

    private func mark() -> Suspicion.Mark {
        var status = stat()
        fstat(descriptor, &status)
        return Suspicion.Mark(size: Int(status.st_size), seconds: status.st_mtim.tv_sec, nanoseconds: status.st_mtim.tv_nsec)
    }

    /// Whether the file in which we stand in line is the one of this name: SQLite removes the WAL
    /// only after the last process has closed the database.
    func isInPlace(_ path: String) -> Bool {
        var ours = stat()
        var theirs = stat()
        guard fstat(descriptor, &ours) == 0 else { return true }
        if stat(path, &theirs) != 0 {
            if errno == ENOENT { return false }
            // A folder that cannot be searched for the moment tells nothing.
            return true
        }
        return ours.st_dev == theirs.st_dev && ours.st_ino == theirs.st_ino
    }

    /// Whether anybody waits for a turn, as far as can be seen from this pid namespace.
    var isAwaited: Bool { FileLocks(path: database + "-wal").locks.contains { $0.kind == .flock && $0.isWaiting } }

    func release() { flock(descriptor, LOCK_UN) }

    /// Runs `body`, whose system calls end with EINTR from time to time.
    ///
    /// SIGURG is ignored by default and used by nothing here; it gets a handler that does nothing, so that it
    /// interrupts. Threads of Dispatch block it: it is let through to this thread for as long as `body` runs.
    private func interrupted(every interval: Duration, _ body: () throws(DriverError) -> Void) throws(DriverError) {
        var action = sigaction()
        action.__sigaction_handler.sa_handler = { _ in }
        sigaction(SIGURG, &action, nil)
        var set = sigset_t()
        var before = sigset_t()
        sigemptyset(&set)
        sigaddset(&set, SIGURG)
        pthread_sigmask(SIG_UNBLOCK, &set, &before)
        let thread = celery_thread_id()
        let timer = DispatchSource.makeTimerSource()
        let milliseconds = Int(interval.components.seconds) * 1_000
        timer.schedule(deadline: .now() + .milliseconds(milliseconds), repeating: .milliseconds(milliseconds))
        timer.setEventHandler { celery_signal_thread(thread, SIGURG) }
        timer.activate()
        defer {
            timer.cancel()
            pthread_sigmask(SIG_SETMASK, &before, nil)
        }
        try body()
    }
}
