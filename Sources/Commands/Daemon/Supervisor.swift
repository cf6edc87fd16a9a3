import Glibc
import Logging
import Processes

/// `celeryd --supervised`: starts the worker, and another when that one dies.
///
/// It holds the pidfile, passes signals on, and speaks to systemd, whose main process it is: what the worker says
/// to systemd comes to it first (`SupervisedProcess`). Everything else is the worker's: it becomes another user, if
/// asked to, and writes the log beside the supervisor. A worker whose supervisor is killed stops by itself.
///
/// Lives in the one thread of the process, and never starts anything concurrent.
final class Supervisor {
    /// What a signal asks of the supervisor, which passes on every one of them.
    enum Wish: Sendable {
        /// Start no other worker.
        case stop
        /// Open the log file anew, too.
        case reopenLog
        case nothing
    }

    /// Which signal means what: those that mean something to a worker.
    static let signals: [Int32: Wish] = [
        SIGTERM: .stop, SIGINT: .stop, SIGQUIT: .stop, SIGHUP: .nothing, SIGUSR1: .reopenLog, SIGTTIN: .nothing, SIGTTOU: .nothing,
    ]

    private let noun: String
    private let logger: Logger
    private let log: DaemonLog
    private let signals: Signals<Wish>
    private let notifier: SystemdNotifier?
    /// Whom the first worker that works tells so.
    private var readiness: Readiness?
    private var plan = RestartPlan()
    private var worker: SupervisedProcess?
    private var started = ContinuousClock.now
    private var isStopping = false
    /// Whether the worker takes the place of one that died.
    private var isReplacing = false

    init(
        noun: String, log: DaemonLog, logger: Logger, signals: Signals<Wish>, notifier: SystemdNotifier?,
        readiness: Readiness?
    ) {
        self.noun = noun
        self.log = log
        self.logger = logger
        self.signals = signals
        self.notifier = notifier
        self.readiness = readiness
    }

    /// Blocks until the last worker has ended.
    ///
    /// - Returns: The exit status.
    func run() throws -> Int32 {
        while true {
            if let status = try live() { return status }
        }
    }

    /// One worker, from its start to its end and the pause after it.
    ///
    /// - Returns: The exit status when no other is to follow.
    private func live() throws -> Int32? {
        let worker = try SupervisedProcess.start(readiness: readiness, goesOn: isReplacing)
        self.worker = worker
        started = .now
        let end = try follow(worker)
        self.worker = nil
        let lived = ContinuousClock.now - started
        let how = "The \(noun) (pid \(worker.process.id)) ended with \(end)"
        switch plan.step(after: end, isAsked: isStopping, lived: lived) {
        case .end(let status):
            return status
        case .giveUp(let status):
            logger.critical("\(how); not starting another")
            // A worker that ended by itself has said why.
            readiness?.fail("the \(noun) ended before it worked: \(end)", status: status)
            return status
        case .start(let pause):
            isReplacing = true
            logger.error("\(how); starting another in \(pause.components.seconds) s")
            notifier?.status("The \(noun) died (\(end)); another starts soon")
            try rest(for: pause)
            return isStopping ? ExitCode.done : nil
        }
    }

    /// Passes on signals and words until the worker has ended.
    private func follow(_ worker: SupervisedProcess) throws -> WaitStatus {
        let poller = try Poller()
        try poller.add(signals.descriptor, .readable, token: 0)
        try poller.add(worker.words, .readable, token: 1)
        try poller.add(worker.process.pidfd!, .readable, token: 2)
        var isListening = true
        while true {
            let events = try poller.wait(timeout: nil)
            for event in events {
                switch event.token {
                case 0:
                    while let delivery = try signals.next(timeout: .zero) { take(delivery) }
                case 1:
                    while let words = worker.next() { pass(on: words) }
                    // It has closed its end, and may live on.
                    if event.isHungUp, isListening {
                        try poller.remove(worker.words)
                        isListening = false
                    }
                default:
                    let status = try worker.process.wait().status
                    while let words = worker.next() { pass(on: words) }
                    return status
                }
            }
        }
    }

    /// Waits before the next start; only the wish to stop shortens it.
    private func rest(for pause: Duration) throws {
        let end = ContinuousClock.now + pause
        while !isStopping {
            let left = end - .now
            if left <= .zero { return }
            // systemd is not to think that we hang.
            let beat = notifier?.watchdogInterval.map { $0 / 2 } ?? left
            if let delivery = try signals.next(timeout: min(left, beat)) { take(delivery) }
            notifier?.watchdog()
        }
    }

    private func take(_ delivery: Signals<Wish>.Delivery) {
        switch delivery.action {
        case .stop: isStopping = true
        case .reopenLog: try? log.reopen()
        case .nothing: break
        }
        try? worker?.process.signal(delivery.signal)
    }

    /// What the worker says to systemd.
    private func pass(on words: String) {
        if words == SystemdNotifier.readyWord {
            plan.noteWork()
            // It has told whoever waited; a later one has nobody to tell.
            readiness?.release()
            readiness = nil
            if isReplacing { notifier?.status("The \(noun) works again") }
        }
        notifier?.pass(on: words)
    }
}
