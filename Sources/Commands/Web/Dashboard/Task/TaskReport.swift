import CeleryCore
import Client
import Synchronization
import Wire

/// Everything that the page of a task shows.
struct TaskReport: Sendable {
    let facts: TaskFacts
    let explanation: Explanation
    /// Its message; why it is not known otherwise.
    let request: Told<Message>
    /// What its attempts wrote.
    let outputs: Told<[AttemptOutput]>
    let family: TaskFamily
    /// Sources that could not be asked.
    let warnings: [String]

    /// - Throws: `DriverError` if broker or store cannot be asked at all.
    init(_ id: TaskID, _ dashboard: Dashboard) async throws {
        let client = dashboard.client
        let box = WarningBox()
        let finder = FactFinder(client: client) { box.add($0) }
        let facts = Self.hiding(try await finder.facts(of: [id])[0], dashboard)
        self.facts = facts
        explanation = Explanation(facts)
        request = await Self.request(facts, dashboard)
        outputs = dashboard.settings.web.hidesResults
            ? .not("What tasks write is hidden here (CELERY_WEB_HIDE_RESULTS)")
            : await dashboard.ask("keep what tasks write", try? client.store as? any OutputKeeping) { try await $0.outputs(of: id, from: 1) }
        family = try await TaskFamily(facts, client)
        self.warnings = box.all
    }

    /// The facts without return values and errors, where they are hidden.
    private static func hiding(_ facts: TaskFacts, _ dashboard: Dashboard) -> TaskFacts {
        guard dashboard.settings.web.hidesResults else { return facts }
        var facts = facts
        facts.result = facts.result.map(dashboard.shown)
        facts.letter?.burial.error = ""
        facts.events = facts.events.map { event in
            var event = event
            for key in ["exception", "traceback", "result"] { event.details[key] = nil }
            return event
        }
        return facts
    }

    private static func request(_ facts: TaskFacts, _ dashboard: Dashboard) async -> Told<Message> {
        if let message = facts.standing?.message { return .told(message) }
        let store = try? dashboard.client.store as? any RequestKeeping
        let kept = await dashboard.ask("keep the arguments of tasks", store) { try await $0.requests(for: [facts.id])[facts.id] }
        switch kept {
        case .told(let message?): return .told(message)
        case .told(nil): return .not("They are not kept: see CELERY_KEEP_ARGUMENTS")
        case .not(let reason): return .not(reason)
        }
    }

    var state: String {
        switch explanation.verdict {
        case .waiting:
            facts.result?.state == .retry || (facts.location?.retries ?? 0) > 0 ? "RETRY"
                : facts.eta.map { $0 > facts.now } == true ? "SCHEDULED" : "QUEUED"
        case .running: facts.result.map { $0.state.isUnderway ? $0.state.name : "STARTED" } ?? "STARTED"
        case .succeeded: "SUCCESS"
        case .failed, .dead: "FAILURE"
        case .revoked: "REVOKED"
        case .unknown, .unseen: facts.result?.state.name ?? "PENDING"
        }
    }

    /// Whether it waits or runs, so that it can be revoked.
    var isOpen: Bool { [.waiting, .running, .unseen].contains(explanation.verdict) }

    /// Whether it has ended and can be sent again.
    var canBeRetried: Bool { facts.result?.state.isReady == true && request.value != nil }

    /// The arguments as they may be shown.
    func arguments(_ redaction: Redaction) -> Told<(args: [JSON], kwargs: JSONObject)> {
        switch request {
        case .not(let reason): return .not(reason)
        case .told(let message):
            guard let decoded = try? BodyCodec.decode(message.body) else { return .not("They cannot be read") }
            guard let shown = redaction.shown(decoded) else { return .not("Arguments are not shown here: CELERY_KEEP_ARGUMENTS is 0") }
            return .told(shown)
        }
    }
}

/// Collects warnings from wherever they come.
private final class WarningBox: Sendable {
    private let warnings = Mutex<[String]>([])

    func add(_ warning: String) { warnings.withLock { $0.append(warning) } }

    var all: [String] { warnings.withLock { $0 } }
}
