package import CeleryCore
import HTTP

/// The task that tells a server of the end of another task: a webhook. The worker that records the end publishes its message together
/// with the result, so that neither is lost without the other; any worker of its queue makes the call, with retries.
package enum Webhook {
    package static let task = "celery.webhook"
    /// The header in which a message names the URL.
    package static let header = CallOnlyOptions.table.callbackURL.name

    /// Seconds for one call.
    private static let timeout = 30.0
    /// With growing pauses of up to an hour, about half a day.
    private static let mostRetries = 20
    private static let pauses = (first: Duration.seconds(10), longest: Duration.seconds(3_600))
    /// Bytes of the longest return value that is told; of a longer one only the size, as `result_bytes`.
    private static let longestResult = 1 << 20

    static func definition(_ hosts: HTTPHosts, _ keys: HTTPKeys) -> TaskDefinition {
        var options = TaskOptions(maxRetries: mostRetries, retryBackoff: pauses.first, retryBackoffMax: pauses.longest)
        options.ignoreResult = true
        return TaskDefinition(
            name: task, options: options, kind: .http(HTTPTask(.webhook(hosts), keys: keys)), source: "hosts of CELERY_HTTP_HOSTS")
    }

    /// The arguments of the message that tells of a result.
    package static func arguments(_ url: String, _ result: TaskResult) -> TaskArguments {
        var body: JSONObject = [
            "id": .string(result.id.text), "task": result.task.map(JSON.string) ?? .null, "state": .string(result.state.name),
            "result": .null, "error": .null, "attempt": .int(Int64(result.attempt)), "worker": result.worker.map(JSON.string) ?? .null,
            "done": result.dateDone.map { .string(ISO8601.text($0)) } ?? .null,
        ]
        let size = result.value.isNull ? 0 : result.value.bytes(style: .compact).count
        if size > longestResult { body["result_bytes"] = .int(Int64(size)) } else { body["result"] = result.value }
        if let failure = result.failure { body["error"] = ["type": .string(failure.type), "message": .string(failure.message)] }
        return TaskArguments(args: [], kwargs: ["url": .string(url), "body": .object(body)])
    }

    /// The call that the arguments describe.
    ///
    /// - Throws: `HTTPRefusal` for other arguments, and for hosts that are not listed.
    static func step(_ call: HTTPCall, _ hosts: HTTPHosts) throws(HTTPRefusal) -> HTTPStep {
        guard let url = call.arguments.kwargs["url"]?.stringValue, let body = call.arguments.kwargs["body"], body.objectValue != nil else {
            throw HTTPRefusal("TypeError", "\(task) needs a url and a body")
        }
        let address = try DispatchTask.address(url, hosts)
        var step = HTTPStep(.post, address)
        step.request.headers.append(.init("Content-Type", "application/json"))
        step.request.headers += call.headers
        step.request.body = body.bytes(style: .compact)
        step.request.timeout = .seconds(timeout)
        let host = address.host
        step.request.permitsAddress = { hosts.permits(NetworkAddress($0), of: host) }
        return step
    }

    /// What an answer means: any success will do, whatever it says.
    static func verdict(_ answer: HTTPAnswer, _ step: HTTPStep, now: Timestamp) -> HTTPVerdict {
        if answer.isSuccess { return .success(.null) }
        let reading = ConfiguredAnswer(answer: answer, step: step, now: now)
        switch answer.status {
        case 408, 425, 429, 500...: return .retry(reading.error, after: reading.retryAfter)
        default: return .failure(reading.error)
        }
    }
}
