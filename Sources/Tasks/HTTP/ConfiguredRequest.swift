import CeleryCore
import HTTP

/// The request of a task with a table `[task.NAME]`: JSON in the body, or keyword arguments in the query of GET and DELETE.
struct ConfiguredRequest {
    let section: HTTPTaskSection
    let call: HTTPCall

    /// - Throws: `HTTPRefusal` for positional arguments where there is no body.
    func step() throws(HTTPRefusal) -> HTTPStep {
        var address = section.address
        if !section.method.hasBody {
            guard call.arguments.args.isEmpty else {
                throw HTTPRefusal("TypeError", "\(section.method.rawValue) takes keyword arguments only: they go into the query")
            }
            address.target = FormText.merged(address.target, with: call.arguments.kwargs)
        }
        var step = HTTPStep(section.method, address)
        if section.method.hasBody {
            step.request.headers.append(.init("Content-Type", "application/json"))
            step.request.body = JSON.object(call.body).bytes(style: .compact)
        }
        finish(&step)
        return step
    }

    /// The request that asks for the result of a call that was accepted.
    func poll(_ address: HTTPAddress) -> HTTPStep {
        var step = HTTPStep(.get, address)
        finish(&step)
        return step
    }

    private func finish(_ step: inout HTTPStep) {
        step.request.headers += call.headers + section.headers.map { .init($0.name, $0.value) }
        step.request.timeout = .seconds(section.timeout)
    }
}

extension HTTPCall {
    /// The headers that say which attempt of which task it is.
    var headers: [HTTPRequest.Header] {
        var headers: [HTTPRequest.Header] = [
            .init("Accept", "application/json"),
            .init("Celery-Task", HTTPHeaderText.safe(task)),
            .init("Celery-Task-Id", HTTPHeaderText.safe(taskID.text)),
            .init("Celery-Root-Id", HTTPHeaderText.safe(rootID.text)),
            .init("Celery-Attempt", String(attempt)),
            // The same for each attempt, so that the receiver can tell what it has done already.
            .init("Idempotency-Key", HTTPHeaderText.safe(taskID.text)),
        ]
        if let deadline { headers.append(.init("Celery-Deadline", ISO8601.text(deadline))) }
        if let trace {
            headers.append(.init("traceparent", trace.traceparent))
            if let state = trace.tracestate { headers.append(.init("tracestate", state)) }
        }
        return headers
    }
}
