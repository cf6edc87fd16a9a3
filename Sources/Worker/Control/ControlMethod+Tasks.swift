import CeleryCore
import Tasks
import Wire

extension ControlMethod {
    /// Questions about tasks: those that are here, and those that could be.
    static let tasks = [
        ControlMethod("active", "dump_active") { worker, _ in .array(worker.shown(running: true)) },
        ControlMethod("reserved", "dump_reserved") { worker, _ in .array(worker.shown(running: false)) },
        ControlMethod("scheduled", "dump_schedule") { worker, _ in
            .array(
                try await worker.scheduled().map { message in
                    [
                        "eta": .string(ISO8601.text(message.eta ?? worker.now())),
                        // All tasks have this one in Python's timer.
                        "priority": 6, "request": worker.task(message),
                    ]
                })
        },
        ControlMethod("query_task") { worker, arguments in
            let arguments = ControlArguments("query_task", arguments)
            guard let ids = try arguments.texts("ids") else { throw ControlError.missing("ids", of: "query_task") }
            return .object(try await worker.found(Set(ids)))
        },
        ControlMethod("registered", "dump_tasks") { worker, arguments in
            let arguments = ControlArguments("registered", arguments)
            let wanted = try arguments.texts("taskinfoitems") ?? []
            let items = (wanted.isEmpty ? ["exchange", "routing_key", "rate_limit"] : wanted).filter { !$0.hasPrefix("_") }
            let withOwn = try arguments.truth("builtins") ?? false
            var lines = worker.registry.sorted.map { task in
                let known = items.compactMap { item in task.attribute(item).map { "\(item)=\($0)" } }
                return known.isEmpty ? task.name : "\(task.name) [\(known.joined(separator: " "))]"
            }
            if withOwn { lines += BuiltinTask.allNames }
            return .array(lines.sorted().map(JSON.string))
        },
    ]
}

extension Worker {
    /// No longer list is sent.
    private static let longestList = 10_000

    /// Tasks with the pool: those that run, or those that wait for a child.
    fileprivate func shown(running: Bool) -> [JSON] {
        let jobs = inFlight.sorted { $0.key < $1.key }.map(\.value)
        // What waits for its limits is reserved, too.
        let held = running ? [] : limits.held.map { task($0.delivery.message) }
        return Array((jobs.filter { ($0.began != nil) == running }.map { task($0) } + held).prefix(Self.longestList))
    }

    /// What waits for its time.
    fileprivate func scheduled() async throws -> [Message] {
        try await (consumer as? any ScheduleKnowing)?.scheduled(upTo: Self.longestList) ?? []
    }

    /// Those of the ids that are here, each with where it stands.
    fileprivate func found(_ ids: Set<String>) async throws -> JSONObject {
        var found: JSONObject = [:]
        for entry in inFlight.values where ids.contains(entry.delivery.message.id.text) {
            found[entry.delivery.message.id.text] = [entry.began != nil ? "active" : "reserved", task(entry)]
        }
        for (delivery, _) in limits.held where ids.contains(delivery.message.id.text) {
            var shown = task(delivery.message)
            // Beside what Python's workers tell: what it waits for.
            if let wait = await limitWait(of: delivery.message.id), case .object(var object) = shown {
                object["celery_limit"] = wait.json
                shown = .object(object)
            }
            found[delivery.message.id.text] = ["reserved", shown]
        }
        guard found.count < ids.count else { return found }
        for message in try await scheduled() where ids.contains(message.id.text) && found[message.id.text] == nil {
            found[message.id.text] = ["scheduled", task(message)]
        }
        return found
    }

    private func task(_ entry: InFlight) -> JSON {
        task(
            entry.delivery.message, began: entry.began, isAcknowledged: entry.isAcknowledged,
            isRedelivered: entry.delivery.handle.redelivered, process: entry.childPID)
    }

    /// A task as Python's workers show it.
    fileprivate func task(
        _ message: Message, began: Timestamp? = nil, isAcknowledged: Bool = false, isRedelivered: Bool = false,
        process: Int? = nil
    ) -> JSON {
        let arguments = try? BodyCodec.decode(message.body)
        return [
            "id": .string(message.id.text), "name": .string(message.task),
            "args": .array(arguments?.args ?? []), "kwargs": .object(arguments?.kwargs ?? [:]),
            "type": .string(message.task), "hostname": .string(configuration.identity.name),
            "time_start": began.map { .double($0.seconds) } ?? .null, "acknowledged": .bool(isAcknowledged),
            "delivery_info": [
                "exchange": .string(message.route.exchange ?? ""),
                "routing_key": .string(message.route.routingKey ?? message.route.queue),
                "priority": .int(Int64(message.priority ?? 0)), "redelivered": .bool(isRedelivered),
            ],
            "worker_pid": process.map { .int(Int64($0)) } ?? .null,
        ]
    }
}

extension TaskDefinition {
    /// An attribute by the name that tasks of Python have for it, as text; `nil` for one that is not set or not known.
    fileprivate func attribute(_ attribute: String) -> String? {
        func truth(_ value: Bool) -> String { value ? "True" : "False" }
        func number(_ duration: Duration?) -> String? { duration.map { JSON.number($0.inSeconds).displayText } }
        switch attribute {
        case "name": return name
        case "serializer": return "json"
        case "max_retries": return options.maxRetries.map(String.init)
        case "default_retry_delay": return number(options.retryDelay)
        case "time_limit": return number(options.timeLimit)
        case "soft_time_limit": return number(options.softTimeLimit)
        case "queue", "routing_key": return options.queue
        case "priority": return options.priority.map(String.init)
        case "ignore_result": return options.ignoreResult.map(truth)
        case "rate_limit": return options.rateLimit?.limit?.text
        case "acks_late": return truth(options.acknowledgement == .late)
        default: return nil
        }
    }
}
