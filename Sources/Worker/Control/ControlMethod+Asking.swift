import CeleryCore
import Glibc

extension ControlMethod {
    /// Queries about the worker. They change nothing.
    static let asking = [
        ControlMethod("ping") { _, _ in ["ok": "pong"] },
        ControlMethod("active_queues") { shift, _ in .array(shift.queues.map(Shift.queue)) },
        ControlMethod("stats") { shift, _ in shift.statistics },
        ControlMethod("clock") { shift, _ in ["clock": .int(Int64(shift.intake.taken))] },
    ]
}

extension Shift {
    /// Describes a queue as Python's workers describe AMQP queues.
    fileprivate static func queue(_ queue: QueueDefinition) -> JSON {
        var arguments: JSONObject = [:]
        if queue.type == .quorum { arguments["x-queue-type"] = "quorum" }
        if let priority = queue.maxPriority { arguments["x-max-priority"] = .int(Int64(priority)) }
        return [
            "name": .string(queue.name),
            "exchange": [
                "name": .string(queue.exchange), "type": .string(queue.exchangeType), "arguments": nil, "durable": true,
                "passive": false, "auto_delete": false, "delivery_mode": nil, "no_declare": false,
            ],
            "routing_key": .string(queue.routingKey), "queue_arguments": arguments.isEmpty ? nil : .object(arguments),
            "binding_arguments": nil, "consumer_arguments": nil, "durable": true, "exclusive": false, "auto_delete": false,
            "no_ack": false, "alias": nil, "bindings": [], "no_declare": nil, "expires": nil, "message_ttl": nil,
            "max_length": nil, "max_length_bytes": nil, "max_priority": queue.maxPriority.map { .int(Int64($0)) } ?? nil,
        ]
    }

    fileprivate var statistics: JSON {
        var members: JSONObject = [
            "total": .object(JSONObject(intake.totals.sorted { $0.key < $1.key }.map { ($0.key, JSON.int(Int64($0.value))) })),
            "pid": .int(Int64(configuration.identity.pid)), "clock": .string(String(intake.taken)),
            "uptime": .int(Int64(max(0, (now() - started).inSeconds))), "pool": poolStatistics,
        ]
        if let range = scaler.range {
            members["autoscaler"] = [
                "max": .int(Int64(range.most)), "min": .int(Int64(range.least)), "current": .int(Int64(scaler.size)),
                "qty": .int(Int64(jobs.count)),
            ]
        }
        members["broker"] = .object(configuration.facts.broker)
        members["prefetch_count"] = .int(Int64(intake.prefetch.limit))
        members["rusage"] = Self.resourceUsage
        return .object(members)
    }

    private var poolStatistics: JSON {
        let counts = follower.processes.counts
        let total = counts.reduce(0, +)
        /// A child's share of all begun jobs, with two decimals.
        func share(_ count: Int) -> String { Self.text("%.2f", total > 0 ? Double(count) / Double(total) : 0) }
        let busy = Set(jobs.all.compactMap(\.childPID)).count
        return [
            "implementation": "celery:processes", "max-concurrency": .int(Int64(scaler.size)),
            "processes": .array(follower.processes.ids.map { .int(Int64($0)) }),
            "max-tasks-per-child": configuration.pool.maxTasksPerChild > 0 ? .int(Int64(configuration.pool.maxTasksPerChild)) : "N/A",
            "put-guarded-by-semaphore": false,
            "timeouts": [Self.limit(configuration.softTimeLimit), Self.limit(configuration.hardTimeLimit)],
            "writes": [
                "total": .int(Int64(total)),
                "avg": .string(Self.text("%.2f", counts.isEmpty ? 0 : 1 / Double(counts.count))),
                "all": .string(counts.map(share).joined(separator: ", ")),
                "raw": .string(counts.map(String.init).joined(separator: ", ")), "strategy": "fair",
                "inqueues": ["total": .int(Int64(counts.count)), "active": .int(Int64(busy))],
            ],
        ]
    }

    /// A time limit in seconds; 0 for no limit.
    private static func limit(_ seconds: Double?) -> JSON { seconds.map { .double($0) } ?? 0 }

    /// Formats a number as `printf` does.
    static func text(_ format: String, _ number: Double) -> String {
        var bytes = [CChar](repeating: 0, count: 64)
        let count = withVaList([number]) { vsnprintf(&bytes, bytes.count, format, $0) }
        return String(decoding: bytes.prefix(max(0, Int(count))).map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// Resource usage of the worker's own process. The corresponding C function is `getrusage`.
    private static var resourceUsage: JSON {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        func seconds(_ time: timeval) -> JSON { .double(Double(time.tv_sec) + Double(time.tv_usec) / 1_000_000) }
        func count(_ number: Int) -> JSON { .int(Int64(number)) }
        return [
            "utime": seconds(usage.ru_utime), "stime": seconds(usage.ru_stime), "maxrss": count(usage.ru_maxrss),
            "ixrss": count(usage.ru_ixrss), "idrss": count(usage.ru_idrss), "isrss": count(usage.ru_isrss),
            "minflt": count(usage.ru_minflt), "majflt": count(usage.ru_majflt), "nswap": count(usage.ru_nswap),
            "inblock": count(usage.ru_inblock), "oublock": count(usage.ru_oublock), "msgsnd": count(usage.ru_msgsnd),
            "msgrcv": count(usage.ru_msgrcv), "nsignals": count(usage.ru_nsignals), "nvcsw": count(usage.ru_nvcsw),
            "nivcsw": count(usage.ru_nivcsw),
        ]
    }
}
