import CeleryCore
import Client
import Wire

/// A task as Flower's API shows it.
struct FlowerTask: Sendable {
    let task: ListedTask
    let redaction: Redaction
    let hidesResults: Bool

    init(_ task: ListedTask, _ settings: Settings) {
        self.task = task
        redaction = settings.redaction
        hidesResults = settings.web.hidesResults
    }

    /// What a single id is known by.
    init(_ status: TaskStatus, request: Message?, _ settings: Settings) {
        let changed = status.result?.dateDone ?? status.location?.started ?? status.location?.submitted ?? Timestamp(seconds: 0)
        var task = ListedTask(id: status.id, phase: TaskPhase(status.state), changed: changed, position: 0)
        task.location = status.location
        task.result = status.result
        task.request = request
        task.task = status.result?.task ?? status.location?.task ?? request?.task
        task.queue = status.result?.queue ?? status.location?.queue
        task.submitted = status.location?.submitted ?? status.result?.submitted
        self.init(task, settings)
    }

    var uuid: String { task.id.text }
    var worker: String? { task.location?.worker ?? task.result?.worker }
    var started: Timestamp? { task.location?.started ?? task.result?.dateStarted }

    /// Flower's names of states: what waits, for its time too, is PENDING.
    var state: String {
        switch task.phase {
        case .queued, .scheduled: "PENDING"
        case .started: if case .custom(let name)? = task.result?.state { name } else { "STARTED" }
        default: task.phase.name
        }
    }

    /// Seconds; `nil` while it has not ended.
    var runtime: Double? {
        guard !task.phase.isOpen, let started, let done = task.result?.dateDone else { return nil }
        return max(0, done.seconds - started.seconds)
    }

    var json: JSON {
        func text(_ value: String?) -> JSON { value.map(JSON.string) ?? .null }
        func time(_ value: Timestamp?) -> JSON { value.map { .double($0.seconds) } ?? .null }
        func ended(_ phase: TaskPhase) -> JSON { time(task.phase == phase ? task.result?.dateDone : nil) }
        let arguments = shownArguments
        let failure = hidesResults ? nil : task.result?.failure
        return [
            "uuid": .string(uuid), "name": text(task.task), "state": .string(state),
            "args": text(arguments.map { PythonRepr.args($0.args) }), "kwargs": text(arguments.map { PythonRepr.kwargs($0.kwargs) }),
            "received": time(task.submitted), "started": time(started), "succeeded": ended(.success), "failed": ended(.failure),
            "retried": ended(.retry), "revoked": ended(.revoked), "runtime": runtime.map { .double($0) } ?? .null,
            "timestamp": time(task.changed), "worker": text(worker), "client": text(task.request?.origin), "exchange": text(task.request?.route.exchange),
            "routing_key": text(task.request?.route.routingKey ?? task.queue), "queue": text(task.queue),
            "retries": .int(Int64(task.location?.retries ?? task.result?.retries ?? 0)),
            "eta": text(task.location?.eta.map { ISO8601.text($0) }), "expires": text(task.request?.expires.map { ISO8601.text($0) }),
            "result": text(hidesResults || task.phase != .success ? nil : task.result.map { PythonRepr.text(of: $0.value) }),
            "exception": text(failure.map(TaskEvent.exception)), "traceback": text(hidesResults ? nil : task.result?.traceback),
            "root_id": text(task.request?.rootID?.text), "parent_id": text(task.result?.parentID?.text ?? task.request?.parentID?.text),
            "attempt": .int(Int64(task.location?.attempt ?? task.result?.attempt ?? 0)),
        ]
    }

    /// The arguments without secrets; `nil` if they are not kept or not shown.
    private var shownArguments: (args: [JSON], kwargs: JSONObject)? {
        (task.request.flatMap { try? BodyCodec.decode($0.body) } ?? task.arguments).flatMap(redaction.shown)
    }
}
