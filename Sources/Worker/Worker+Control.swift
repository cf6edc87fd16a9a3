import CeleryCore
import Tasks
import Wire

extension Worker {
    /// Answers to questions of operators, in the words of Python's workers (section 8 of the wire format).
    func answer(_ request: ControlRequest) -> JSON? {
        switch request.method {
        case "ping": ["ok": "pong"]
        case "active", "dump_active": .array(shown(running: true))
        case "reserved", "dump_reserved": .array(shown(running: false))
        case "registered", "dump_tasks": .array(registry.names.map(JSON.string))
        case "active_queues": .array(configuration.queues.map(Self.queue))
        case "stats": statistics
        case "clock": ["clock": .int(Int64(taken))]
        // What workers of Python ask one another when they start.
        case "hello": ["revoked": [], "clock": .int(Int64(taken))]
        default: ["error": .string("KeyError('\(request.method)')")]
        }
    }

    /// Tasks with the pool: those that run, or those that wait for a child. The oldest run.
    private func shown(running: Bool) -> [JSON] {
        let jobs = inFlight.sorted { $0.key < $1.key }.map(\.value)
        let part = running ? jobs.prefix(prefetch.children) : jobs.dropFirst(prefetch.children)
        return part.map { task($0, isRunning: running) }
    }

    private func task(_ entry: InFlight, isRunning: Bool) -> JSON {
        let message = entry.delivery.message
        let arguments = try? BodyCodec.decode(message.body)
        return [
            "id": .string(message.id.text), "name": .string(message.task),
            "args": .array(arguments?.args ?? []), "kwargs": .object(arguments?.kwargs ?? [:]),
            "type": .string(message.task), "hostname": .string(configuration.identity.name),
            "time_start": isRunning ? .double(entry.started.seconds) : .null, "acknowledged": .bool(entry.isAcknowledged),
            "delivery_info": [
                "exchange": .string(message.route.exchange ?? ""),
                "routing_key": .string(message.route.routingKey ?? message.route.queue),
                "priority": message.priority.map { .int(Int64($0)) } ?? .null,
                "redelivered": .bool(entry.delivery.handle.redelivered),
            ],
            "worker_pid": .int(Int64(configuration.identity.pid)),
        ]
    }

    private static func queue(_ name: String) -> JSON {
        ["name": .string(name), "exchange": ["name": .string(name), "type": "direct"], "routing_key": .string(name)]
    }

    private var statistics: JSON {
        [
            "pid": .int(Int64(configuration.identity.pid)), "clock": .string(String(taken)),
            "uptime": .int(Int64(max(0, (now() - started).inSeconds))), "prefetch_count": .int(Int64(prefetch.limit)),
            "pool": ["implementation": "celery:processes", "max-concurrency": .int(Int64(prefetch.children))],
            "total": .object(JSONObject(totals.sorted { $0.key < $1.key }.map { ($0.key, JSON.int(Int64($0.value))) })),
        ]
    }
}
