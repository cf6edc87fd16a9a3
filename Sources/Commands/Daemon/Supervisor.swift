import Glibc
import Logging
import Processes

/// `celeryd --supervised`: starts the worker, and another one when the worker dies.
///
/// The supervisor holds the pidfile, forwards signals, and is the main process for systemd: the worker's notifications go
/// through it (`SupervisedProcess`). The worker does everything else: it changes the user, if requested, and writes the log,
/// to which the supervisor writes as well. A worker whose supervisor is killed stops by itself.
///
/// The supervisor uses only the main thread and starts nothing concurrent.
final class Supervisor {
    /// The effect of a signal on the supervisor, which forwards every signal.
    enum Wish: Sendable {
        /// Do not start another worker.
        case stop
        /// Reopen the log file, too.
        case reopenLog
        case nothing
    }

    /// The signals that a worker handles.
    static let signals: [Int32: Wish] = [
        SIGTERM: .stop, SIGINT: .stop, SIGQUIT: .stop, SIGHUP: .nothing, SIGUSR1: .reopenLog, SIGTTIN: .nothing, SIGTTOU: .nothing,
    ]

    private let noun: String
    private let logger: Logger
    private let log: DaemonLog
    private let signals: Signals<Wish>
    private let notifier: SystemdNotifier?
    /// Where the first ready worker reports that it is ready.
    private var readiness: Readiness?
    private var plan = RestartPlan()
    private var worker: SupervisedProcess?
    private var started = ContinuousClock.now
    private var isStopping = false
    /// Whether the worker replaces one that died.
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

    /// Runs one worker, from its start to the end of the pause after it.
    ///
    /// - Returns: The exit status if no other worker follows.
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
            // A worker that ended by itself has logged the reason.
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

    /// Forwards signals and notifications until the worker has ended.
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
                    // The worker has closed its end, but may still run.
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

    /// Waits before the next start; only a request to stop shortens the pause.
    private func rest(for pause: Duration) throws {
        let end = ContinuousClock.now + pause
        while !isStopping {
            let left = end - .now
            if left <= .zero { return }
            // Keep the watchdog of systemd satisfied.
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

    /// Forwards a notification of the worker to systemd.
    private func pass(on words: String) {
        if words == SystemdNotifier.readyWord {
            plan.noteWork()
            // The worker has reported to the waiting process; later workers have no one to report to.
            readiness?.release()
            readiness = nil
            if isReplacing { notifier?.status("The \(noun) works again") }
        }
        notifier?.pass(on: words)
    }
}
