import CeleryCore
import Tasks
import Wire

extension ControlMethod {
    /// Queries about the tasks that this worker holds, and about registered tasks.
    static let tasks = [
        ControlMethod("active", "dump_active") { shift, _ in .array(shift.shown(running: true)) },
        ControlMethod("reserved", "dump_reserved") { shift, _ in .array(shift.shown(running: false)) },
        ControlMethod("scheduled", "dump_schedule") { shift, _ in
            .array(
                try await shift.scheduled().map { message in
                    [
                        "eta": .string(ISO8601.text(message.eta ?? shift.now())),
                        // All tasks have this priority in Python's timer.
                        "priority": 6, "request": shift.task(message),
                    ]
                })
        },
        ControlMethod("query_task") { shift, arguments in
            let arguments = ControlArguments("query_task", arguments)
            guard let ids = try arguments.texts("ids") else { throw ControlError.missing("ids", of: "query_task") }
            return .object(try await shift.found(Set(ids)))
        },
        ControlMethod("registered", "dump_tasks") { shift, arguments in
            let arguments = ControlArguments("registered", arguments)
            let wanted = try arguments.texts("taskinfoitems") ?? []
            let items = (wanted.isEmpty ? ["exchange", "routing_key", "rate_limit"] : wanted).filter { !$0.hasPrefix("_") }
            let withBuiltin = try arguments.truth("builtins") ?? false
            var lines = shift.registry.tasks.sorted.map { task in
                let known = items.compactMap { item in task.attribute(item).map { "\(item)=\($0)" } }
                return known.isEmpty ? task.name : "\(task.name) [\(known.joined(separator: " "))]"
            }
            if withBuiltin { lines += BuiltinTask.allNames }
            return .array(lines.sorted().map(JSON.string))
        },
    ]
}

extension Shift {
    /// Maximum number of tasks in an answer.
    private static let longestList = 10_000

    /// The running tasks, or the reserved tasks: those that wait for a child or for their limits.
    fileprivate func shown(running: Bool) -> [JSON] {
        let shown = jobs.sorted.filter { ($0.began != nil) == running }.map { task($0) }
        // Tasks that wait for their limits count as reserved.
        let held = running ? [] : gate.waiting.map { task($0) }
        return Array((shown + held).prefix(Self.longestList))
    }

    /// Messages that wait for their ETA.
    fileprivate func scheduled() async throws -> [Message] { try await powers.schedule?.scheduled(upTo: Self.longestList) ?? [] }

    /// The tasks with these ids that this worker holds, each with its state.
    fileprivate func found(_ ids: Set<String>) async throws -> JSONObject {
        var found: JSONObject = [:]
        for job in jobs.all where ids.contains(job.id.text) {
            found[job.id.text] = [job.began != nil ? "active" : "reserved", task(job)]
        }
        for message in gate.waiting where ids.contains(message.id.text) {
            var shown = task(message)
            // An addition to the format of Python's workers: the limit that the task waits for.
            if let wait = await gate.wait(of: message.id), case .object(var object) = shown {
                object["celery_limit"] = wait.shown(configuration.redaction, try? BodyCodec.decode(message.body)).json
                shown = .object(object)
            }
            found[message.id.text] = ["reserved", shown]
        }
        guard found.count < ids.count else { return found }
        for message in try await scheduled() where ids.contains(message.id.text) && found[message.id.text] == nil {
            found[message.id.text] = ["scheduled", task(message)]
        }
        return found
    }

    private func task(_ job: Job) -> JSON {
        task(
            job.message, began: job.began, isAcknowledged: job.isAcknowledged, isRedelivered: job.delivery.handle.redelivered,
            process: job.childPID)
    }

    /// Describes a task as Python's workers do; arguments that are left out are null.
    fileprivate func task(
        _ message: Message, began: Timestamp? = nil, isAcknowledged: Bool = false, isRedelivered: Bool = false,
        process: Int? = nil
    ) -> JSON {
        let arguments = (try? BodyCodec.decode(message.body)) ?? TaskArguments()
        let shown = configuration.redaction.shown(arguments)
        return [
            "id": .string(message.id.text), "name": .string(message.task),
            "args": shown.map { .array($0.args) } ?? .null, "kwargs": shown.map { .object($0.kwargs) } ?? .null,
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
    /// The text of an attribute of a Python task; `nil` if the attribute is unset or unknown.
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
