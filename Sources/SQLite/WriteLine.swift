import CLinux
import CeleryCore
import Dispatch
import Glibc

/// The line in which the writers of all processes wait for their turn.
///
/// A `flock(2)` on the WAL: the kernel wakes the next one, so that a thousand waiting
/// submitters cost nothing, where SQLite's busy handler would have each of them poll.
/// SQLite itself never locks that file, and the kernel frees the lock of a dead process.
final class WriteLine: Sendable {
    private let descriptor: Int32
    private let database: String

    /// How long to wait for a turn before giving up.
    private static let patience: Duration = .seconds(60)

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
    /// - Throws: `.tryAgain` when it does not come within a minute.
    func acquire() throws(DriverError) {
        if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return }
        // flock has no timeout; a signal without SA_RESTART ends the wait.
        let deadline = ContinuousClock.now + Self.patience
        Self.installInterruption()
        let thread = celery_thread_id()
        let timer = DispatchSource.makeTimerSource()
        timer.schedule(deadline: .now() + .seconds(Int(Self.patience.components.seconds)), repeating: .milliseconds(100))
        timer.setEventHandler { celery_signal_thread(thread, SIGURG) }
        timer.activate()
        defer {
            timer.cancel()
        }
        while flock(descriptor, LOCK_EX) != 0 {
            guard errno == EINTR else {
                throw DriverError(.unreachable, "cannot lock database \(database): \(text(of: errno))")
            }
            if ContinuousClock.now >= deadline {
                throw DriverError(.tryAgain, "database \(database) is busy: no turn to write within a minute")
            }
        }
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

    func release() { flock(descriptor, LOCK_UN) }

    /// SIGURG is ignored by default and used by nothing here; it gets a handler that
    /// does nothing, so that it interrupts.
    private static func installInterruption() {
        var action = sigaction()
        action.__sigaction_handler.sa_handler = { _ in }
        sigaction(SIGURG, &action, nil)
    }
}
