package import CeleryCore
import Glibc
package import Processes
import Synchronization

/// Takes what the administrators shall know, and sees to it that they get it. The worker's side never blocks.
package final class MailPost: Sendable {
    private struct State {
        /// By kind, in the order of their first event.
        var events: [Event] = []
        var places: [String: Int] = [:]
        var isEnding = false
        var hasEnded = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    /// Events of one kind that have not been written.
    private struct Event: Sendable {
        var count = 1
        /// Makes the notice of the first of them, on the thread.
        var notice: @Sendable () -> MailNotice
    }

    private let state = Mutex(State())
    private let failing = Mutex<Set<String>>([])
    private let waker: Waker

    /// Kinds of events kept in memory at once: the thread writes them within milliseconds.
    private static let mostKinds = 10_000

    /// Starts the threads.
    ///
    /// - Parameters:
    ///   - host: The name of this machine.
    ///   - hook: Gets every notice too, as JSON.
    ///   - warn: Told when mails cannot be sent, and when they can again; on a thread.
    /// - Throws: `SystemError` when the spool cannot be used.
    package init(
        _ settings: MailSettings, host: String, delivery: MailDelivery, hook: (any NoticeDelivery)? = nil, now: @escaping @Sendable () -> Timestamp = { .now },
        warn: @escaping @Sendable (String) -> Void
    ) throws(SystemError) {
        waker = try Waker()
        // Told now, not when the first task fails.
        _ = try MailSpool(settings.spool)
        var ways: [(thread: OutletThread, delivery: any NoticeDelivery)] = settings.admins.isEmpty ? [] : [(try OutletThread(.mails), delivery)]
        if let hook { ways.append((try OutletThread(.calls), hook)) }
        for (thread, delivery) in ways {
            thread.start { (try? MailSpool(settings.spool)).map { MailOutlet(thread.box, delivery, $0, now: now, warn: warn) } }
        }
        WorkThread.start { [self, threads = ways.map(\.thread)] in
            if let spool = try? MailSpool(settings.spool) {
                MailLoop(
                    spool: spool, text: MailText(settings: settings, host: host), threads: threads, limit: settings.hourlyLimit, now: now,
                    warn: warn
                ).run(for: self)
                // The spool has the lock: without it, another process would send what the threads are still sending.
                withExtendedLifetime(spool) { for thread in threads { thread.end() } }
            } else {
                for thread in threads { thread.end() }
            }
            let waiters = state.withLock { state in
                state.hasEnded = true
                return state.waiters
            }
            for waiter in waiters { waiter.resume() }
        }
    }

    /// Whether a success of this task is news.
    package func wantsSuccess(of task: String) -> Bool { failing.withLock { $0.contains(task) } }

    /// Takes an event.
    ///
    /// - Parameter notice: Called on the thread, for the first of several events of one kind.
    package func post(_ kind: MailNotice.Kind, task: String, error: String, _ notice: @escaping @Sendable () -> MailNotice) {
        if kind == .success { _ = failing.withLock { $0.remove(task) } }
        state.withLock { state in
            let key = "\(kind.rawValue)\n\(task)\n\(error)"
            if let place = state.places[key] {
                state.events[place].count += 1
            } else if state.events.count < Self.mostKinds {
                state.places[key] = state.events.count
                state.events.append(Event(notice: notice))
            } else {
                state.events[Self.mostKinds - 1].count += 1
            }
        }
        waker.wake()
    }

    /// Has all events written and mails tried once more, and ends the thread. What cannot be sent waits for the next worker.
    package func end() async {
        await withCheckedContinuation { continuation in
            let hasEnded = state.withLock { state in
                state.isEnding = true
                if !state.hasEnded { state.waiters.append(continuation) }
                return state.hasEnded
            }
            if hasEnded { continuation.resume() }
            waker.wake()
        }
    }

    // MARK: For the thread

    /// Waits for events or the end, at most until a time. Blocks.
    func wait(upTo timeout: Duration) {
        _ = try? waker.descriptor.waitReadable(timeout: timeout)
        waker.clear()
    }

    var isEnding: Bool { state.withLock { $0.isEnding } }

    /// The notices of the events so far.
    func take() -> [MailNotice] {
        let events = state.withLock { state in
            defer { (state.events, state.places) = ([], [:]) }
            return state.events
        }
        return events.map { event in
            var notice = event.notice()
            notice.count = event.count
            return notice
        }
    }

    func watch(_ tasks: Set<String>) { failing.withLock { $0 = tasks } }
}
