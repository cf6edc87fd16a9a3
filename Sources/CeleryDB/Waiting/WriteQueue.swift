import CLinux
import CeleryCore
import Dispatch
import Glibc
import Processes
import Synchronization

/// The lock for which the writers of all processes queue.
///
/// A `flock(2)` on the WAL: the kernel wakes the next writer, so a thousand waiting submitters cost nothing, whereas each of them
/// would poll with SQLite's busy handler. SQLite itself never locks that file, and the kernel releases the lock of a dead process.
///
/// A process that is stopped while holding the lock blocks all others. A waiting writer checks the holder now and then, and
/// gives up early if the holder will not continue by itself.
final class WriteQueue: Sendable {
    private let descriptor: Int32
    private let database: String
    /// The holder seen by the last check.
    private let suspicion = Mutex<Suspicion?>(nil)

    /// How long to wait for the lock.
    private static let patience: Duration = .seconds(60)
    /// Time before the first check of the holder, and between checks.
    private static let lookInterval: Duration = .seconds(4)
    /// How long a running holder may write nothing. A busy disk may take many seconds.
    private static let idlePatience: Duration = .seconds(30)

    /// A holder that may be blocked.
    private struct Suspicion {
        var holder: WriteHolder
        /// Size and time stamp of the WAL, which change when the holder writes.
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

    /// Acquires the lock. Blocks the calling thread.
    ///
    /// - Throws: `.tryAgain` after a minute, or when a stopped process holds the lock.
    func acquire() throws(DriverError) {
        if flock(descriptor, LOCK_EX | LOCK_NB) != 0 { try waitForLock() }
        do throws(DriverError) {
            // This process, or the previous writer, may have given up because a stopped program holds SQLite's own lock; do not wait
            // for it again.
            if suspicion.withLock({ $0 != nil }), let holder = WriteHolder.ofLock(database: database), let suspension = holder.suspension {
                throw WriteHolder.error(database: database, holder, suspension)
            }
        } catch {
            release()
            throw error
        }
        suspicion.withLock { $0 = nil }
    }

    /// Notes that SQLite's own lock could not be had in time, if a stopped program holds it.
    func noteBusy() {
        guard WriteHolder.ofLock(database: database)?.suspension != nil else { return }
        let current = Suspicion(holder: WriteHolder.ofLine(database: database), mark: mark(), since: .now)
        suspicion.withLock { $0 = $0 ?? current }
    }

    private func waitForLock() throws(DriverError) {
        // If an earlier call gave up on the same holder, give up at once.
        if suspicion.withLock({ $0 != nil }) { try look() }
        // flock has no timeout; a signal without SA_RESTART interrupts the wait.
        let start = ContinuousClock.now
        var nextLook = start + Self.lookInterval
        try interrupted(every: .seconds(1)) { () throws(DriverError) in
            while flock(descriptor, LOCK_EX) != 0 {
                guard errno == EINTR else {
                    throw DriverError(.unreachable, "cannot lock database \(database): \(text(of: errno))")
                }
                if start + Self.patience <= .now {
                    throw DriverError(.tryAgain, "database \(database) is busy: no chance to write within a minute")
                }
                if nextLook <= .now {
                    try look()
                    nextLook = .now + Self.lookInterval
                }
            }
        }
    }

    /// Checks the holder of the lock.
    ///
    /// - Throws: `.tryAgain` when the holder is unchanged since earlier checks and will not continue soon.
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

    /// Whether the locked file is still the one at its path: SQLite removes the WAL only after the last process has closed
    /// the database.
    func isInPlace(_ path: String) -> Bool {
        var ours = stat()
        var theirs = stat()
        guard fstat(descriptor, &ours) == 0 else { return true }
        if stat(path, &theirs) != 0 {
            if errno == ENOENT { return false }
            // A folder that cannot be searched at the moment proves nothing.
            return true
        }
        return ours.st_dev == theirs.st_dev && ours.st_ino == theirs.st_ino
    }

    /// Whether another writer waits for the lock, as far as is visible from this pid namespace.
    var isAwaited: Bool { FileLocks(path: database + "-wal").locks.contains { $0.kind == .flock && $0.isWaiting } }

    func release() { flock(descriptor, LOCK_UN) }

    /// Runs `body` while interrupting its system calls with EINTR from time to time.
    ///
    /// SIGURG is ignored by default and not used elsewhere; an empty handler makes it interrupt system calls. Dispatch
    /// threads block
    /// the signal, so it is unblocked on this thread while `body` runs.
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
