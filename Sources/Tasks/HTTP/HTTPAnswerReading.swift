package import CeleryCore
package import HTTP

/// How answers are read.
extension HTTPTask {
    /// What an answer means.
    ///
    /// - Parameter step: The request that it answers.
    package func verdict(_ answer: HTTPAnswer, to step: HTTPStep, now: Timestamp) -> HTTPVerdict {
        switch form {
        case .configured: ConfiguredAnswer(answer: answer, step: step, now: now).verdict
        case .dispatched: DispatchAnswer(answer: answer, step: step).verdict
        case .webhook: Webhook.verdict(answer, step, now: now)
        }
    }

    /// What it means that there is no answer.
    package func verdict(_ error: HTTPError, to step: HTTPStep) -> HTTPVerdict {
        let failure = Self.failure(error, step)
        switch (form, error.code) {
        // It would be the same the next time.
        case (_, .badURL), (_, .tooLong), (_, .forbidden), (_, .noLibrary): return .failure(failure)
        case (.configured, _), (.webhook, _): return .retry(failure, after: nil)
        // Celery never tried again by itself.
        case (.dispatched, _): return .failure(failure)
        }
    }

    private static func failure(_ error: HTTPError, _ step: HTTPStep) -> TaskFailure {
        let text = "\(step.address.shown): \(error.message.forLog)"
        switch error.code {
        case .timedOut: return TaskFailure(type: "TimeoutError", arguments: [.string(text)], module: "builtins")
        case .forbidden:
            let hint = "\(step.address.authority) has an address that is not public and not listed in CELERY_HTTP_HOSTS"
            return TaskFailure(type: "PermissionError", arguments: [.string(hint)], module: "builtins")
        case .tooLong:
            let text = "\(step.address.shown) answered more than \(step.request.bodyLimit) bytes, or more than the worker can hold; raise max_output"
            return TaskFailure(type: "OutputTooLarge", arguments: [.string(text)])
        case .badURL: return TaskFailure(type: "ValueError", arguments: [.string(text)], module: "builtins")
        case .notHTTP: return .invalidResponse(text)
        case .noLibrary: return TaskFailure(type: "OSError", arguments: [.string(error.message)], module: "builtins")
        case .unreachable, .untrusted: return TaskFailure(type: "ConnectionError", arguments: [.string(text)], module: "builtins")
        }
    }
}

/// An answer to a task of the settings.
struct ConfiguredAnswer {
    let answer: HTTPAnswer
    let step: HTTPStep
    let now: Timestamp

    var verdict: HTTPVerdict {
        switch answer.status {
        case 202:
            guard let location = answer.header("Location") else { return value }
            guard let address = step.address.resolving(location) else {
                return .failure(.invalidResponse("\(step.address.shown) names a Location that is no URL: \(location.forLog)"))
            }
            guard address.origin == step.address.origin else {
                return .failure(.invalidResponse("\(step.address.shown) names a Location of another server: \(address.shown)"))
            }
            return .pending(address, after: retryAfter)
        case 200..<300: return value
        case 300..<400:
            let location = answer.header("Location").map { " to \($0.forLog)" } ?? ""
            return .failure(.invalidResponse("\(step.address.shown) redirects\(location) (\(answer.status)), which is not followed"))
        // The server is busy, or in trouble; any other refusal would be the same the next time.
        case 429, 500...: return .retry(error, after: answer.status == 429 || answer.status == 503 ? retryAfter : nil)
        default: return .failure(error)
        }
    }

    var retryAfter: Double? { answer.header("Retry-After").flatMap { RetryAfter.seconds($0, now: now) } }

    var error: TaskFailure {
        let excerpt = AnswerText.excerpt(answer.body)
        return .http(status: answer.status, "\(step.address.shown) answered \(answer.status)" + (excerpt.isEmpty ? "" : ": \(excerpt)"))
    }

    /// The body as the return value, or what it says of a failure.
    private var value: HTTPVerdict {
        guard !answer.body.isEmpty else { return .success(.null) }
        let value = try? JSON(parsing: answer.body)
        // Also in what a careless server calls text/html: its failures must not pass for results.
        if let verdict = value.flatMap(AnswerEnvelope.init)?.verdict { return verdict }
        let type = (answer.header("Content-Type") ?? "").lowercased()
        if type.hasPrefix("text/"), let text = String(validating: answer.body, as: UTF8.self) { return .success(.string(text)) }
        guard let value else {
            return .failure(.invalidResponse("\(step.address.shown) answered something that is not JSON: \(AnswerText.excerpt(answer.body))"))
        }
        return .success(value)
    }
}

/// An answer to a task whose URL the message names: always in an envelope.
struct DispatchAnswer {
    let answer: HTTPAnswer
    let step: HTTPStep

    var verdict: HTTPVerdict {
        guard answer.status == 200 else {
            let excerpt = AnswerText.excerpt(answer.body)
            let text = "\(step.address.shown) answered \(answer.status)" + (excerpt.isEmpty ? "" : ": \(excerpt)")
            return .failure(answer.status >= 400 ? .http(status: answer.status, text) : .unknownStatus(text))
        }
        guard !answer.body.isEmpty else { return .failure(.invalidResponse("Empty response")) }
        guard let value = try? JSON(parsing: answer.body), let object = value.objectValue else {
            return .failure(.invalidResponse("\(step.address.shown) answered no JSON object: \(AnswerText.excerpt(answer.body))"))
        }
        switch object["status"] {
        case nil: return .failure(Self.missing("status"))
        case "success": return object["retval"].map(HTTPVerdict.success) ?? .failure(Self.missing("retval"))
        case "failure": return .failure(.remoteExecute(AnswerEnvelope.reason(object)))
        case let status?: return .failure(.unknownStatus(status.displayText.forLog))
        }
    }

    private static func missing(_ key: String) -> TaskFailure { TaskFailure(type: "KeyError", arguments: [.string(key)], module: "builtins") }
}

/// `{"status": "success", "retval": …}` or `{"status": "failure", "reason": …}`, and nothing else in it: an object with other members
/// is a return value that happens to have a status.
struct AnswerEnvelope {
    let verdict: HTTPVerdict

    init?(_ value: JSON) {
        guard let object = value.objectValue else { return nil }
        if object["status"] == "success", let retval = object["retval"], object.count == 2 {
            verdict = .success(retval)
        } else if object["status"] == "failure", object.count == (object["reason"] == nil ? 1 : 2) {
            verdict = .failure(.remoteExecute(Self.reason(object)))
        } else {
            return nil
        }
    }

    static func reason(_ object: JSONObject) -> String {
        guard let reason = object["reason"] else { return "" }
        return reason.stringValue ?? reason.text(style: .compact)
    }
}

enum AnswerText {
    /// The beginning of a body in one line, for an error.
    static func excerpt(_ body: [UInt8]) -> String { String(decoding: body.prefix(1_000), as: UTF8.self).forLog }
}
