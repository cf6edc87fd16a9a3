import CeleryCore
import CeleryZMQ

/// Events, remote control, and standing commands.
extension Answers {
    /// Requests of remote control that only ask.
    static let questions: Set<String> = [
        "active", "active_queues", "clock", "conf", "dump_active", "dump_reserved", "dump_revoked", "dump_schedule", "dump_tasks", "hello", "memsample",
        "ping", "query_task", "registered", "report", "reserved", "revoked", "scheduled", "stats",
    ]

    /// The longest time that workers are given to answer.
    private static let longestAsking: Duration = .seconds(120)

    /// - Throws: `DriverError.noPermission` if a request commands workers, and the client may not.
    private static func check(_ requests: [ControlRequest], _ call: Call) throws {
        guard call.caller.role < .admin, let command = requests.first(where: { !questions.contains($0.method) }) else { return }
        throw Service.refusal(of: command.method.forLog, call.caller)
    }

    static let ofCommands: [Answer] = [
        Answer(doing: Verbs.sendEvents) { call, events in
            if call.caller.role == .submit, let event = events.first(where: { $0.type != "task-sent" }) {
                throw Service.refusal(of: "event \(event.type.forLog)", call.caller)
            }
            try await call.broker((any EventSending).self, to: "send events").send(events)
        },
        Answer(Verbs.eventsOf) { call, ids in try await call.broker((any EventReading).self, to: "keep events").events(of: ids) },
        Answer(Verbs.ask) { call, request in
            try check(request.first, call)
            return try await call.broker((any WorkerAsking).self, to: "ask workers").ask(
                request.first, of: request.second, within: max(.zero, min(request.third, longestAsking)))
        },
        Answer(doing: Verbs.tell) { call, request in
            try check([request.first], call)
            try await call.broker((any WorkerAsking).self, to: "tell workers").tell(request.first, to: request.second)
        },
        Answer(Verbs.revoke) { call, request in
            let (now, ending) = (call.service.now(), call.service.ending)
            let removed = Removed()
            let report = try await call.broker((any Revoking).self, to: "revoke tasks").revoke(
                request.first, ending: { ending($0, $1, request.second, now) }, removed: { removed.add($0) })
            return Pair(report.fates, removed.outcomes)
        },
        Answer(Verbs.standingCommands) { call, _ in try await call.broker((any CommandShowing).self, to: "keep commands").standingCommands() },
        Answer(Verbs.pausedQueues) { call, _ in try await call.broker((any QueuePausing).self, to: "pause queues").pausedQueues() },
        Answer(doing: Verbs.pause) { call, request in
            try await call.broker((any QueuePausing).self, to: "pause queues").pause(request.first, request.second)
        },
        Answer(Verbs.resume) { call, queue in try await call.broker((any QueuePausing).self, to: "pause queues").resume(queue) },
        Answer(Verbs.beatState) { call, name in try await call.broker((any BeatKeeping).self, to: "keep beats").state(of: name) },
        Answer(doing: Verbs.tellBeat) { call, request in
            try await call.broker((any BeatKeeping).self, to: "keep beats").tell(request.first, in: request.second)
        },
    ]
}
