import CeleryCore
import Client
import WebServer

/// The reading half of Flower's `/api/`.
struct FlowerReading: Sendable {
    let client: Client
    let tasks: WebTasks
    let failures: WebFailures

    private static let longestWait = 60

    var routes: [WebRoute] {
        [
            WebRoute("GET", "/api/workers", .right(.read), ["refresh": .flag, "status": .flag, "workername": .text(255)]) { call in
                failures.answer { try await workers(call.parameters) }
            },
            WebRoute("GET", "/api/tasks", .right(.read), FlowerQuery.parameters) { call in
                failures.answer {
                    let query = try FlowerQuery(call.parameters, client.settings)
                    let found = try await client.tasks(query.filter, limit: query.window).map { FlowerTask($0, client.settings) }
                    return .json(.object(JSONObject(query.page(of: found).map { ($0.uuid, $0.json) })))
                }
            },
            WebRoute("GET", "/api/task/types", .right(.read)) { _ in
                failures.answer { .json(["task-types": .array(try await tasks.all().map(JSON.string))]) }
            },
            WebRoute("GET", "/api/task/info/:id", .right(.read), ["id": .check(StatusRoutes.isID)]) { call in
                failures.answer { try await info(TaskID(call.parameters["id"] ?? "")) }
            },
            WebRoute(
                "GET", "/api/task/result/:id", .right(.read), ["id": .check(StatusRoutes.isID), "timeout": .whole(0...Self.longestWait)]
            ) { call in
                failures.answer { try await result(TaskID(call.parameters["id"] ?? ""), wait: call.parameters.number("timeout")) }
            },
            WebRoute("GET", "/api/queues/length", .right(.read)) { _ in failures.answer { try await queues() } },
        ]
    }

    private func workers(_ parameters: WebParameters) async throws -> WebResponse {
        guard let listing = client.broker as? any WorkerListing else { throw DriverError.lacks("list workers", client.broker.location) }
        let name = parameters["workername"]
        let reports = try await listing.workers().filter { name == nil || $0.name == name }
        if name != nil, reports.isEmpty { throw WebRefusal(404, "no such worker answers") }
        if parameters.flag("status") { return .json(.object(JSONObject(reports.map { ($0.name, JSON.bool(true)) }))) }
        var objects = JSONObject()
        for report in reports { objects[report.name] = Self.object(report) }
        if parameters.flag("refresh") { try await ask(reports.map(\.name), &objects) }
        return .json(.object(objects))
    }

    private static func object(_ report: WorkerReport) -> JSON {
        [
            "active": .array(report.running.map { task in
                ["id": .string(task.id.text), "name": .string(task.task), "time_start": .double(task.started.seconds)]
            }),
            "active_queues": .array(report.queues.map { ["name": .string($0)] }),
            "registered": .array(report.tasks.map(JSON.string)),
            "pid": .int(Int64(report.pid)), "timestamp": .double(report.started.seconds),
        ]
    }

    /// Adds what the workers answer when they are asked, which may take a second.
    private func ask(_ names: [String], _ objects: inout JSONObject) async throws {
        guard let asking = client.broker as? any WorkerAsking, !names.isEmpty else { return }
        let methods = ["active", "active_queues", "registered", "scheduled", "reserved", "revoked", "stats", "conf"]
        let answers = try await asking.ask(methods.map { ControlRequest(method: $0) }, of: WorkerChoice(names: names), within: .seconds(1))
        for (index, method) in methods.enumerated() where index < answers.answers.count {
            var one = WorkerAnswers(count: 1)
            one.answers[0] = answers.answers[index]
            let shown = AnswerRedaction(method: method, client.settings.redaction).applied(to: one)
            for answer in shown.answers[0] {
                guard var object = objects[answer.worker]?.objectValue else { continue }
                object[method] = answer.value
                objects[answer.worker] = .object(object)
            }
        }
    }

    private func info(_ id: TaskID) async throws -> WebResponse {
        let status = try await client.status(of: [id])[0]
        guard status.state != .unknown else { throw WebRefusal(404, "no such task is known") }
        var request = try await (client.store as? any RequestKeeping)?.requests(for: [id])[id]
        if request == nil { request = try await (client.broker as? any MessageShowing)?.standing(of: id)?.message }
        return .json(FlowerTask(status, request: request, client.settings).json)
    }

    private func result(_ id: TaskID, wait: Int?) async throws -> WebResponse {
        if let wait { _ = try await client.wait(for: [id], timeout: .seconds(wait)) { _ in } }
        let status = try await client.status(of: [id])[0]
        let document = StatusDocument(status, hidesResults: client.settings.web.hidesResults)
        return .json(Self.object(document))
    }

    /// As Flower: `{"task-id": …, "state": …, "result": …}`, and the traceback of a failure.
    static func object(_ document: StatusDocument) -> JSON {
        let task = document.json["task"] ?? .null
        var object: JSONObject = ["task-id": .string(document.id.text), "state": .string(document.state.name)]
        if document.isFinished { object["result"] = task["result"] ?? .null }
        if let traceback = task["traceback"] { object["traceback"] = traceback }
        return .object(object)
    }

    private func queues() async throws -> WebResponse {
        guard let counting = client.broker as? any QueueCounting else { throw DriverError.lacks("count queues", client.broker.location) }
        let queues = try await counting.queues().filter { $0.trouble == nil }
        return .json([
            "active_queues": .array(queues.map { queue in
                [
                    "name": .string(queue.name), "messages": .int(Int64(queue.ready)), "consumers": .int(Int64(queue.consumers)),
                    "scheduled": queue.scheduled.map { .int(Int64($0)) } ?? .null, "running": queue.running.map { .int(Int64($0)) } ?? .null,
                ]
            }),
        ])
    }
}
