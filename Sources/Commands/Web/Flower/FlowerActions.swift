import Arguments
import CeleryCore
import Client
import Logging
import Tasks
import WebServer
import Worker

/// The task actions of Flower's `/api/`.
struct FlowerActions: Sendable {
    let client: Client
    let tasks: WebTasks
    let failures: WebFailures
    let logger: Logger

    /// How long `apply` waits for the result.
    private static let patience: Duration = .seconds(60)
    /// How long workers have to answer.
    private static let askingTime: Duration = .seconds(2)

    var routes: [WebRoute] {
        let name: [String: WebParameterKind] = ["name": .check(Self.isName)]
        let id: [String: WebParameterKind] = [
            "id": .check(StatusRoutes.isID), "terminate": .flag,
            "signal": .check { (try? ValueParser<String>.signalName.parse($0)) != nil },
        ]
        return [
            WebRoute("POST", "/api/task/apply/:name", .right(.act), name) { send($0, mustBeKnown: true, waits: true) },
            WebRoute("POST", "/api/task/async-apply/:name", .right(.act), name) { send($0, mustBeKnown: true) },
            WebRoute("POST", "/api/task/send-task/:name", .right(.act), name) { send($0) },
            WebRoute("POST", "/api/task/revoke/:id", .right(.act), id) { call in
                revoke(call, isTerminating: call.parameters.flag("terminate"), "Revoked")
            },
            WebRoute("POST", "/api/task/abort/:id", .right(.act), id) { revoke($0, isTerminating: true, "Aborted") },
            WebRoute(
                "POST", "/api/task/timeout/:name", .right(.act),
                name.merging(["workername": .text(255), "soft": .check(Self.isSeconds), "hard": .check(Self.isSeconds)]) { $1 },
                answer: setTimeLimit),
            WebRoute(
                "POST", "/api/task/rate-limit/:name", .right(.act),
                name.merging(["workername": .text(255), "ratelimit": .check(Self.isRate)]) { $1 }, answer: setRate),
        ]
    }

    /// Tasks of Celery itself, and commands, are for nobody to submit by HTTP.
    private static func isName(_ text: String) -> Bool {
        (1...255).contains(text.utf8.count) && text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F } && !text.utf8.starts(with: "celery.".utf8)
            && text != CommandTask.name
    }

    private static func isSeconds(_ text: String) -> Bool {
        guard (1...12).contains(text.utf8.count), let seconds = Double(text) else { return false }
        return seconds.isFinite && seconds > 0
    }

    private static func isRate(_ text: String) -> Bool { (1...20).contains(text.utf8.count) && (text == "0" || RateLimit(text) != nil) }

    private func log(_ call: WebCall, _ action: String) {
        logger.info("\(call.identity.name) from \(call.request.peer): \(action)")
    }

    // MARK: Submitting

    private func send(_ call: WebCall, mustBeKnown: Bool = false, waits: Bool = false) -> WebServer.Reply {
        failures.answer {
            let name = call.parameters["name"] ?? ""
            if mustBeKnown, !(try await tasks.all().contains(name)) { throw WebRefusal(404, "no such task is known here") }
            let (args, kwargs, options) = try Self.work(call.request)
            let message = client.factory.message(name, args: args, kwargs: kwargs, options: options, task: await tasks.options(of: name))
            log(call, "submits \(name) as \(message.id)")
            try await client.publish([message])
            guard waits else { return .json(["task-id": .string(message.id.text), "state": "PENDING"]) }
            _ = try await client.wait(for: [message.id], timeout: Self.patience) { _ in }
            let document = try await client.statusDocument(of: message.id, hidingResults: client.settings.web.hidesResults)
            return .json(FlowerReading.object(document))
        }
    }

    /// The arguments and options of a body: a JSON object with args, kwargs and the options of a line of `celery apply --batch`.
    ///
    /// - Throws: `WebRefusal` with 400 or 415.
    static func work(_ request: WebRequest) throws(WebRefusal) -> (args: [JSON], kwargs: JSONObject, options: SendOptions) {
        var work: (args: [JSON], kwargs: JSONObject, options: SendOptions) = ([], [:], SendOptions())
        guard !request.body.isEmpty else { return work }
        // Forms of other sites cannot send this type.
        guard request.header("content-type").map({ $0.hasPrefix("application/json") }) ?? true else {
            throw WebRefusal(415, "the body must be application/json")
        }
        guard let object = (try? JSON(parsing: request.body))?.objectValue else { throw WebRefusal(400, "the body is no JSON object") }
        let members = SendMembers(status: ExitCode.badData, otherKeys: ["args", "kwargs"])
        for (key, value) in object.members {
            switch key {
            case "args":
                guard let args = value.arrayValue else { throw WebRefusal(400, "args must be an array") }
                work.args = args
            case "kwargs":
                guard let kwargs = value.objectValue else { throw WebRefusal(400, "kwargs must be an object") }
                work.kwargs = kwargs
            default:
                do {
                    try members.take(key, value, into: &work.options)
                } catch {
                    throw WebRefusal(400, Report.describe(error).message)
                }
            }
        }
        return work
    }

    // MARK: Revoking

    private func revoke(_ call: WebCall, isTerminating: Bool, _ word: String) -> WebServer.Reply {
        failures.answer {
            let id = TaskID(call.parameters["id"] ?? "")
            let now = Timestamp.now
            let life: Duration = client.settings.resultExpires.map { .seconds($0) } ?? .seconds(86_400)
            let revocation = Revocation(
                .id(id), isTerminating: isTerminating, signal: call.parameters["signal"] ?? Revocation.defaultSignal, issued: now,
                until: now + life)
            let (name, webhooks) = (WorkerIdentity.here(named: "web@%h").name, WebhookRule(client.settings))
            log(call, "revokes \(id)\(isTerminating ? ", also if it runs" : "")")
            _ = try await client.revoke(
                [revocation], ending: { RevokedTask.outcome(of: $0, attempt: $1, by: name, now: now, webhooks: webhooks) }, removed: { _ in })
            return .json(["message": .string("\(word) '\(id.text)'")])
        }
    }

    // MARK: Limits

    private func setTimeLimit(_ call: WebCall) -> WebServer.Reply {
        failures.answer {
            var arguments: JSONObject = ["task_name": .string(call.parameters["name"] ?? "")]
            for key in ["soft", "hard"] { arguments[key] = call.parameters[key].flatMap { Double($0) }.map { .number($0) } }
            guard arguments.count > 1 else { throw WebRefusal(400, "soft or hard must be given") }
            return try await tell(call, ControlRequest(method: "time_limit", arguments: arguments))
        }
    }

    private func setRate(_ call: WebCall) -> WebServer.Reply {
        failures.answer {
            guard let rate = call.parameters["ratelimit"] else { throw WebRefusal(400, "ratelimit must be given") }
            let arguments: JSONObject = ["task_name": .string(call.parameters["name"] ?? ""), "rate_limit": .string(rate)]
            return try await tell(call, ControlRequest(method: "rate_limit", arguments: arguments))
        }
    }

    /// Asks one worker, or all. Says what it answered.
    private func tell(_ call: WebCall, _ request: ControlRequest) async throws -> WebResponse {
        guard let asking = client.broker as? any WorkerAsking else { throw DriverError.lacks("ask workers", client.broker.location) }
        let choice = call.parameters["workername"].map { WorkerChoice(names: [$0]) } ?? .all
        log(call, "asks \(call.parameters["workername"] ?? "all workers"): \(request.method) \(JSON.object(request.arguments).text())")
        let answers = try await asking.ask([request], of: choice, within: Self.askingTime)
        guard let first = answers.answers.first?.first else { throw WebRefusal(404, "no such worker answers") }
        if let error = first.value["error"] { throw WebRefusal(403, error.displayText) }
        return .json(["message": .string((first.value["ok"] ?? first.value).displayText)])
    }
}
