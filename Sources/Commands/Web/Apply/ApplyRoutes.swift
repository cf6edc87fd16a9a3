import CeleryCore
import Client
import Logging
import WebServer

/// Submitting tasks by HTTP: `POST /celery/apply/TASK/`.
///
///     rate of the token -> do token and setting list the task? -> body -> is it known? -> sent once, and confirmed
struct ApplyRoutes: Sendable {
    private let client: Client
    private let tasks: WebTasks
    private let failures: WebFailures
    private let logger: Logger
    private let rate: RequestRate<[UInt8]>?
    private let sender: OnceSender

    init(client: Client, tasks: WebTasks, failures: WebFailures, logger: Logger) {
        self.client = client
        self.tasks = tasks
        self.failures = failures
        self.logger = logger
        let rate = client.settings.web.submissionRate
        self.rate = rate > 0 ? RequestRate(rate) : nil
        sender = OnceSender(client: client)
    }

    private var patterns: [SubmissionPattern] { client.settings.web.submissions }

    /// None without CELERY_WEB_APPLY.
    var routes: [WebRoute] {
        guard !patterns.isEmpty else { return [] }
        var route = WebRoute("POST", "/celery/apply/:task", .submission, ["task": .check(SubmissionPattern.isName)], answer: answer)
        route.readsBody = true
        return [route]
    }

    private func answer(_ call: WebCall) -> WebServer.Reply {
        let task = call.parameters["task"] ?? ""
        guard let right = call.identity.submission else { preconditionFailure("the route demands a token that may submit tasks") }
        guard rate?.admits(right.secret) ?? true else {
            return .now(WebResponse(WebRefusal(429, "too many submissions with this token", headers: [WebField("Retry-After", "1")])))
        }
        guard right.permits(task), patterns.contains(where: { $0.matches(task) }) else {
            logger.warning("\(call.identity.name) from \(call.request.peer) may not submit \(task.forLog)")
            return .now(WebResponse(WebRefusal(403, "\(call.identity.name) may not submit this task")))
        }
        let work: ApplyRequest
        do throws(WebRefusal) {
            work = try ApplyRequest(call.request)
        } catch {
            return .now(WebResponse(error))
        }
        return failures.answer { try await submit(task, work, right, call) }
    }

    private func submit(_ task: String, _ work: ApplyRequest, _ right: SubmissionRight, _ call: WebCall) async throws -> WebResponse {
        // A name written in full in the settings is taken to exist.
        if !patterns.contains(where: { $0.isName && $0.text == task }), try await tasks.surelyLack(task) {
            throw WebRefusal(404, "no such task is known here")
        }
        var options = work.options
        options.id = work.key.map { Self.id(of: $0, task, right) }
        let declared = await tasks.options(of: task)
        let message = client.factory.message(task, args: work.args, kwargs: work.kwargs, options: options, task: declared)
        let who = "\(call.identity.name) from \(call.request.peer)"
        if work.key == nil {
            logger.info("\(who): submits \(task.forLog) as \(message.id)")
            try await client.publish([message])
        } else {
            let isNew = try await sender.send(message, digest: work.digest)
            logger.info("\(who): \(isNew ? "submits" : "submits again, which changes nothing,") \(task.forLog) as \(message.id)")
        }
        return .json(
            ["ok": "true", "task_id": .string(message.id.text)], headers: [WebField("Location", "/celery/\(message.id.text)/status/")])
    }

    /// The id of the task that was submitted first with a key, derived from token, name of the task, and key alone: any server, also
    /// after a restart, comes to the same, and nobody else can guess it. A name has no line feed in it.
    static func id(of key: String, _ task: String, _ right: SubmissionRight) -> TaskID {
        let code = HMAC.code(of: Array("celery web apply\n\(task)\n\(key)".utf8), key: right.secret)
        return TaskID(version8: code.prefix(16).reduce(0) { $0 << 8 | UInt128($1) })
    }
}
