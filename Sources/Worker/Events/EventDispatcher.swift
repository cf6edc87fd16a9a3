import CeleryCore
import Synchronization
import Wire

/// Tells monitors what becomes of tasks: gathers moments, and sends them as events of Celery, beside the worker.
///
/// No task waits for an event, and none is lost for one: when the broker takes no events, the oldest of them
/// are dropped, and the log says how many.
final class EventDispatcher: Sendable {
    /// What gathers in this time is sent together.
    private static let gatheringTime: Duration = .milliseconds(50)
    /// Events at a time.
    private static let pieceLimit = 1_000
    /// Between tries while the broker takes none.
    private static let longestPause: Duration = .seconds(5)
    /// How often at most the log says that more happens than monitors can be told of.
    private static let reportInterval: Duration = .seconds(10)
    /// How long a worker that stops tries to say so.
    private static let closingPatience: Duration = .seconds(2)

    private let broker: any EventSending
    private let source: EventSource
    private let log: TaskLog
    private let version: String
    private let state: Mutex<State>
    /// Whether moments are of interest: looked at for each of them.
    private let isOn: Atomic<Bool>
    private let processed = Atomic<Int>(0)
    private let bell = Bell()

    private struct State {
        var buffer = EventBuffer()
        /// Taken from the buffer, and not known to be sent.
        var underWay = 0
        /// Why the last try to send failed.
        var trouble: String?
        var isLogNeeded: Bool
        /// Before that, the log says nothing of events that were dropped.
        var nextReport = ContinuousClock.now
        /// Under way since the start.
        var sending: Task<Void, Never>?
    }

    /// - Returns: `nil` where nobody is to be told, or can be.
    init?(_ configuration: WorkerConfiguration, _ broker: any Broker, _ log: TaskLog) {
        guard let events = configuration.events, let broker = broker as? any EventSending else { return nil }
        self.broker = broker
        self.log = log
        source = EventSource(hostname: configuration.identity.name, pid: configuration.identity.pid)
        version = events.version
        isOn = Atomic(events.ofTasks)
        state = Mutex(State(isLogNeeded: events.ofTasks))
    }

    /// Logical time: of the events, and of whatever else this worker tells.
    var clock: LamportClock { source.clock }

    /// Whether monitors are told of tasks.
    var isTellingOfTasks: Bool { isOn.load(ordering: .relaxed) }

    /// Tells of tasks from now on, or no more. Returns whether that is a change.
    func setTaskEvents(_ on: Bool) -> Bool {
        let isChange = isOn.exchange(on, ordering: .relaxed) != on
        if isChange && on { state.withLock { $0.isLogNeeded = true } }
        return isChange
    }

    // MARK: Worker events

    /// Tells of the worker itself.
    ///
    /// - Parameters:
    ///   - frequency: Seconds until it is told again.
    ///   - active: Tasks that run; `nil` leaves them out, and how many there were.
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

    /// Begins to send.
    func start() {
        let sending = Task { await run() }
        state.withLock { $0.sending = sending }
    }

    /// Sends what gathers, until it is cancelled.
    private func run() async {
        var pause = Duration.seconds(1)
        while !Task.isCancelled {
            let seen = bell.count
            if state.withLock({ $0.buffer.entries.isEmpty && !$0.isLogNeeded }) {
                await bell.wait(since: seen, until: nil)
                try? await Task.sleep(for: Self.gatheringTime)
            }
            if await sendPiece() {
                pause = .seconds(1)
            } else {
                try? await Task.sleep(for: pause)
                pause = min(pause * 2, Self.longestPause)
            }
        }
    }

    /// Sends the rest, for some moments.
    func close() async {
        guard let running = state.withLock({ $0.sending.take() }) else { return }
        running.cancel()
        let sending = Task {
            await running.value
            while !Task.isCancelled, state.withLock({ !$0.buffer.entries.isEmpty }), await sendPiece() {}
        }
        // It may be in a call that nothing ends: then it goes on alone.
        let done = Bell()
        Task {
            await sending.value
            done.ring()
        }
        await done.wait(since: 0, until: .now + Self.closingPatience)
        sending.cancel()
        let left = state.withLock { $0.buffer.entries.count + $0.underWay + $0.buffer.takeDropped() }
        if left > 0 { log.warn("stopped without telling monitors of \(left) event\(left == 1 ? "" : "s")") }
    }

    /// - Returns: whether the broker took it.
    private func sendPiece() async -> Bool {
        await keepLog()
        let entries = state.withLock { state in
            let entries = state.buffer.take(Self.pieceLimit)
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
            noteTrouble("\(error)", entries.count)
            return false
        }
    }

    /// Has the broker keep events, once they are worth it.
    private func keepLog() async {
        guard state.withLock({ $0.isLogNeeded }) else { return }
        do {
            try await broker.keepEvents()
        } catch let error as DriverError where error.code == .unreachable || error.code == .tryAgain {
            return noteTrouble("\(error)", 0)
        } catch {
            log.warn("events are sent and not kept: \(error)")
        }
        state.withLock { $0.isLogNeeded = false }
    }

    private func event(_ entry: EventBuffer.Entry) -> Event {
        let (type, details) =
            switch entry.content {
            case .made(let event): (event.type, event.details)
            case .received(let message): TaskEvent.received(message).parts
            case .other(let type, let details): (type, details)
            }
        return source.event(type, details, at: entry.time)
    }

    private func noteTrouble(_ text: String, _ count: Int) {
        let isNew = state.withLock { state in
            // Some may have been sent: to send them again would tell of a task twice.
            state.buffer.countDropped(count)
            defer { state.trouble = text }
            return state.trouble == nil
        }
        if isNew { log.warn("cannot tell monitors of events: \(text)") }
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
            log.warn("monitors are told of events again; \(count)")
        } else if dropped > 0 {
            log.warn("more happens than monitors can be told of: \(count)")
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
            // Of what the worker does by itself there is no more to tell.
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

    /// - Parameter isRunning: Whether it was under way.
    private static func ended(_ delivery: Delivery, _ failure: TaskFailure, traceback: String?, isRunning: Bool) -> TaskEvent {
        let id = delivery.message.id
        guard failure.type == TaskFailure.revoked("").type else { return .failed(id, failure, traceback: traceback) }
        return .revoked(id, isTerminated: isRunning, isExpired: failure.arguments.first == "expired")
    }
}
