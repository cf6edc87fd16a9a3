import CeleryCore
import Tasks
import Wire

extension ControlMethod {
    /// Questions that change nothing.
    static let asking = [
        ControlMethod("ping") { _, _ in ["ok": "pong"] },
        ControlMethod("active", "dump_active") { worker, _ in .array(worker.shown(running: true)) },
        ControlMethod("reserved", "dump_reserved") { worker, _ in .array(worker.shown(running: false)) },
        ControlMethod("registered", "dump_tasks") { worker, _ in .array(worker.registry.names.map(JSON.string)) },
        ControlMethod("active_queues") { worker, _ in .array(worker.configuration.queues.map(Worker.queue)) },
        ControlMethod("stats") { worker, _ in worker.statistics },
        ControlMethod("clock") { worker, _ in ["clock": .int(Int64(worker.taken))] },
    ]
}

extension Worker {
    /// Tasks with the pool: those that run, or those that wait for a child.
    fileprivate func shown(running: Bool) -> [JSON] {
        let jobs = inFlight.sorted { $0.key < $1.key }.map(\.value)
        return jobs.filter { ($0.began != nil) == running }.map(task)
    }

    private func task(_ entry: InFlight) -> JSON {
        let message = entry.delivery.message
        let arguments = try? BodyCodec.decode(message.body)
        return [
            "id": .string(message.id.text), "name": .string(message.task),
            "args": .array(arguments?.args ?? []), "kwargs": .object(arguments?.kwargs ?? [:]),
            "type": .string(message.task), "hostname": .string(configuration.identity.name),
            "time_start": entry.began.map { .double($0.seconds) } ?? .null, "acknowledged": .bool(entry.isAcknowledged),
            "delivery_info": [
                "exchange": .string(message.route.exchange ?? ""),
                "routing_key": .string(message.route.routingKey ?? message.route.queue),
                "priority": message.priority.map { .int(Int64($0)) } ?? .null,
                "redelivered": .bool(entry.delivery.handle.redelivered),
            ],
            "worker_pid": entry.childPID.map { .int(Int64($0)) } ?? .null,
        ]
    }

    fileprivate static func queue(_ name: String) -> JSON {
        ["name": .string(name), "exchange": ["name": .string(name), "type": "direct"], "routing_key": .string(name)]
    }

    fileprivate var statistics: JSON {
        [
            "pid": .int(Int64(configuration.identity.pid)), "clock": .string(String(taken)),
            "uptime": .int(Int64(max(0, (now() - started).inSeconds))), "prefetch_count": .int(Int64(prefetch.limit)),
            "pool": ["implementation": "celery:processes", "max-concurrency": .int(Int64(prefetch.children))],
            "total": .object(JSONObject(totals.sorted { $0.key < $1.key }.map { ($0.key, JSON.int(Int64($0.value))) })),
        ]
    }
}
