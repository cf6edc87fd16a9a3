import CeleryCore
import Synchronization
import Wire

/// Sends Celery events about tasks and the worker to monitors, in the background.
///
/// Tasks never wait for events. If the broker accepts no events, the oldest are dropped, and the log says how many.
final class EventDispatcher: Sendable {
    /// Events within this time are sent in one batch.
    private static let gatheringTime: Duration = .milliseconds(50)
    /// Maximum number of events per batch.
    private static let batchLimit = 1_000
    /// Maximum delay between attempts while the broker accepts no events.
    private static let longestPause: Duration = .seconds(5)
    /// Minimum time between log lines about dropped events.
    private static let reportInterval: Duration = .seconds(10)
    /// How long a stopping worker tries to send its last events.
    private static let closingPatience: Duration = .seconds(2)

    private let broker: any EventSending
    private let source: EventSource
    private let ladder: ShutdownLadder
    private let log: TaskLog
    private let version: String
    private let redaction: Redaction
    private let state: Mutex<State>
    /// Whether task events are enabled. Atomic, since it is read for every moment.
    private let isOn: Atomic<Bool>
    private let processed = Atomic<Int>(0)
    private let bell = Bell()

    private struct State {
        var buffer = EventBuffer()
        /// Number of events taken from the buffer and not known to be sent.
        var underWay = 0
        /// Why the last attempt to send failed.
        var trouble: String?
        var isLogNeeded: Bool
        /// The earliest time of the next log line about dropped events.
        var nextReport = ContinuousClock.now
        /// The running task that sends events.
        var sending: Task<Void, Never>?
    }

    /// - Returns: `nil` if events are not configured, or the broker has none.
    init?(_ configuration: WorkerConfiguration, _ broker: any Broker, _ ladder: ShutdownLadder, _ log: TaskLog) {
        guard let events = configuration.events, let broker = broker as? any EventSending else { return nil }
        self.broker = broker
        self.ladder = ladder
        self.log = log
        source = EventSource(hostname: configuration.identity.name, pid: configuration.identity.pid)
        version = events.version
        redaction = configuration.redaction
        isOn = Atomic(events.ofTasks)
        state = Mutex(State(isLogNeeded: events.ofTasks))
    }

    /// The logical clock of this worker's events and other messages.
    var clock: LamportClock { source.clock }

    /// Whether task events are enabled.
    var isTellingOfTasks: Bool { isOn.load(ordering: .relaxed) }

    /// Enables or disables task events. Returns whether this changed anything.
    func setTaskEvents(_ on: Bool) -> Bool {
        let isChange = isOn.exchange(on, ordering: .relaxed) != on
        if isChange && on { state.withLock { $0.isLogNeeded = true } }
        return isChange
    }

    // MARK: Worker events

    /// Sends an event about the worker itself.
    ///
    /// - Parameters:
    ///   - frequency: Seconds until the next such event.
    ///   - active: Number of running tasks; `nil` omits this, the number of begun tasks, and the load average.
    func tell(_ type: String, frequency: Double, active: Int?, at time: Timestamp) {
        var details: JSONObject = ["freq": .double(frequency)]
        if let active {
            details["active"] = .int(Int64(active))
            details["processed"] = .int(Int64(processed.load(ordering: .relaxed)))
            details["loadavg"] = .array(LoadAverage.current.map { .double($0) })
        }
        details["sw_ident"] = "celery-swift"
        details["sw_ver"] = .string(version)
        details["sw_sys"] = "Linux"
        add(EventBuffer.Entry(content: .other(type: type, details: details), time: time))
    }

    private func add(_ entry: EventBuffer.Entry) {
        state.withLock { $0.buffer.add(entry) }
        bell.ring()
    }

    // MARK: Sending

    /// Starts sending events.
    func start() {
        let sending = Task { await run() }
        state.withLock { $0.sending = sending }
    }

    /// Sends events until the task is cancelled.
    private func run() async {
        var pause = Duration.seconds(1)
        while !Task.isCancelled {
            let seen = bell.count
            if state.withLock({ $0.buffer.entries.isEmpty && !$0.isLogNeeded }) {
                await bell.wait(since: seen, until: nil)
                try? await Task.sleep(for: Self.gatheringTime)
            }
            if await sendBatch() {
                pause = .seconds(1)
            } else {
                try? await Task.sleep(for: pause)
                pause = min(pause * 2, Self.longestPause)
            }
        }
    }

    /// Sends the remaining events for at most `closingPatience`, then stops.
    func close() async {
        guard let running = state.withLock({ $0.sending.take() }) else { return }
        running.cancel()
        let sending = Task {
            await running.value
            while !Task.isCancelled, state.withLock({ !$0.buffer.entries.isEmpty }), await sendBatch() {}
        }
        // The task may hang in a call that ignores cancellation. Then it is abandoned.
        let done = Bell()
        Task {
            await sending.value
            done.ring()
        }
        await done.wait(since: 0, until: .now + Self.closingPatience)
        sending.cancel()
        let left = state.withLock { $0.buffer.entries.count + $0.underWay + $0.buffer.takeDropped() }
        if left > 0 { log.warn("stopped with \(left) unsent event\(left == 1 ? "" : "s")") }
    }

    /// Sends one batch.
    ///
    /// - Returns: Whether the broker accepted it.
    private func sendBatch() async -> Bool {
        await enableLog()
        let entries = state.withLock { state in
            let entries = state.buffer.take(Self.batchLimit)
            state.underWay = entries.count
            return entries
        }
        guard !entries.isEmpty else { return true }
        defer { state.withLock { $0.underWay = 0 } }
        do {
            try await broker.send(entries.map(event))
            noteSuccess()
            return true
        } catch {
            // It may be all that an idle worker writes. A worker that closes has recorded everything.
            if state.withLock({ $0.sending != nil }) { _ = ladder.note(ifFatal: error) }
            noteTrouble("\(error)", entries.count)
            return false
        }
    }

    /// Makes the broker store events, if this is still to be done.
    private func enableLog() async {
        guard state.withLock({ $0.isLogNeeded }) else { return }
        do {
            try await broker.keepEvents()
        } catch let error as DriverError where error.code == .unreachable || error.code == .tryAgain {
            return noteTrouble("\(error)", 0)
        } catch {
            log.warn("events are sent but not stored: \(error)")
        }
        state.withLock { $0.isLogNeeded = false }
    }

    private func event(_ entry: EventBuffer.Entry) -> Event {
        let (type, details) =
            switch entry.content {
            case .made(let event): (event.type, event.details)
            case .received(let message): TaskEvent.received(message, redaction).parts
            case .other(let type, let details): (type, details)
            }
        return source.event(type, details, at: entry.time)
    }

    private func noteTrouble(_ text: String, _ count: Int) {
        let isNew = state.withLock { state in
            // Some of the events may have been sent. Sending them again could duplicate them, so they count as dropped.
            state.buffer.countDropped(count)
            defer { state.trouble = text }
            return state.trouble == nil
        }
        if isNew { log.warn("cannot send events: \(text)") }
    }

    private func noteSuccess() {
        let now = ContinuousClock.now
        let (hadTrouble, dropped) = state.withLock { state -> (Bool, Int) in
            let hadTrouble = state.trouble != nil
            state.trouble = nil
            guard hadTrouble || state.nextReport <= now else { return (false, 0) }
            let dropped = state.buffer.takeDropped()
            if dropped > 0 { state.nextReport = now + Self.reportInterval }
            return (hadTrouble, dropped)
        }
        let count = "\(dropped) event\(dropped == 1 ? " was" : "s were") dropped"
        if hadTrouble {
            log.warn("events are being sent again; \(count)")
        } else if dropped > 0 {
            log.warn("events occur faster than they can be sent: \(count)")
        }
    }
}

extension EventDispatcher: TaskWatching {
    func note(_ moment: TaskMoment, at time: Timestamp) {
        if case .began = moment { processed.add(1, ordering: .relaxed) }
        guard isOn.load(ordering: .relaxed), let (content, weight) = Self.content(of: moment) else { return }
        add(EventBuffer.Entry(content: content, time: time, weight: weight))
    }

    private static func content(of moment: TaskMoment) -> (EventBuffer.Entry.Content, weight: Int)? {
        switch moment {
        case .received(let delivery):
            // Built-in tasks send no other events.
            if BuiltinTask(name: delivery.message.task) != nil { return nil }
            return (.received(delivery.message), delivery.message.body.bytes.count)
        case .refused(let delivery, let outcome, _):
            guard let result = outcome.results.first, let failure = result.failure else { return nil }
            return made(ended(delivery, failure, traceback: nil, isRunning: false))
        case .began(let delivery, _, _): return made(.started(delivery.message.id))
        case .ended(let delivery, _, let report): return made(event(of: report, delivery.message.id))
        case .failed(let delivery, _, let failure, _): return made(ended(delivery, failure, traceback: nil, isRunning: true))
        case .interrupted(let delivery, _, _, _): return made(.rejected(delivery.message.id, isRequeued: true))
        }
    }

    private static func made(_ event: TaskEvent) -> (EventBuffer.Entry.Content, weight: Int) { (.made(event), 0) }

    private static func event(of report: JobReport, _ id: TaskID) -> TaskEvent {
        switch report.ending {
        case .success(let value): .succeeded(id, value, runtime: report.duration)
        case .failure(let failure, let traceback): .failed(id, failure, traceback: traceback ?? report.errorOutput)
        case .retry(_, let failure, let traceback): .retried(id, failure, traceback: traceback ?? report.errorOutput)
        case .revoked(let failure, let signal):
            .revoked(id, isTerminated: signal != nil, signal: signal.map(Int.init), isExpired: failure.arguments.first == "expired")
        }
    }

    /// - Parameter isRunning: Whether the task was running.
    private static func ended(_ delivery: Delivery, _ failure: TaskFailure, traceback: String?, isRunning: Bool) -> TaskEvent {
        let id = delivery.message.id
        guard failure.type == TaskFailure.revoked("").type else { return .failed(id, failure, traceback: traceback) }
        return .revoked(id, isTerminated: isRunning, isExpired: failure.arguments.first == "expired")
    }
}
