// Tasks that run behind a URL: a worker sends the arguments, and the answer is the result.
//
// There are two forms. A task of the settings (`ConfiguredRequest`) has its URL there, and sends JSON with headers that say which
// attempt of which task it is. The tasks of Celery 0.8 to 3.1 (`DispatchTask`) have the URL in the message, so that only
// listed hosts are called (`HTTPHosts`). Both read answers by `HTTPAnswerReading`. All of it is plain values; the worker's
// room `Calls` makes the connections.

package import CeleryCore
package import HTTP

/// What a task behind a URL asks for, and how its answer is read.
package struct HTTPTask: Sendable, Hashable {
    package var form: Form
    /// The keys that sign requests.
    package var keys: HTTPKeys

    package enum Form: Sendable, Hashable {
        /// A table `[task.NAME]` of the settings.
        indirect case configured(HTTPTaskSection)
        /// The message names the URL, of one of these hosts.
        case dispatched(DispatchTask, HTTPHosts)
        /// The result of another task, for the URL that its message named.
        case webhook(HTTPHosts)
    }

    package init(_ form: Form, keys: HTTPKeys = HTTPKeys()) {
        self.form = form
        self.keys = keys
    }

    /// The tasks of the settings: those of `[task.NAME]`, and those that call URLs of messages if any hosts are listed.
    package static func definitions(_ settings: Settings, keys: HTTPKeys = HTTPKeys()) -> [TaskDefinition] {
        let configured = settings.httpTasks.map { section in
            TaskDefinition(
                name: section.name, options: TaskOptions(section.options), kind: .http(HTTPTask(.configured(section), keys: keys)),
                source: section.address.shown)
        }
        guard !settings.httpHosts.isEmpty else { return configured }
        return configured + DispatchTask.allCases.map { task in
            TaskDefinition(
                name: task.rawValue, options: TaskOptions(), kind: .http(HTTPTask(.dispatched(task, settings.httpHosts), keys: keys)),
                source: "hosts of CELERY_HTTP_HOSTS")
        } + [Webhook.definition(settings.httpHosts, keys)]
    }

    /// The first request of a call.
    ///
    /// - Throws: `HTTPRefusal` if the arguments make none that may be sent.
    package func request(_ call: HTTPCall, now: Timestamp) throws(HTTPRefusal) -> HTTPStep {
        var step: HTTPStep
        switch form {
        case .configured(let section): step = try ConfiguredRequest(section: section, call: call).step()
        case .dispatched(let task, let hosts): step = try task.step(call.arguments, hosts)
        case .webhook(let hosts): step = try Webhook.step(call, hosts)
        }
        complete(&step, call, now)
        return step
    }

    /// A request that asks whether a call has ended that was accepted.
    package func poll(_ address: HTTPAddress, _ call: HTTPCall, now: Timestamp) -> HTTPStep {
        guard case .configured(let section) = form else { preconditionFailure("only tasks of the settings are polled") }
        var step = ConfiguredRequest(section: section, call: call).poll(address)
        complete(&step, call, now)
        return step
    }

    private func complete(_ step: inout HTTPStep, _ call: HTTPCall, _ now: Timestamp) {
        step.request.keepsHeaders = true
        step.request.ignoresProxies = true
        step.request.unixSocket = step.address.socket
        step.request.bodyLimit = call.bodyLimit
        step.request.headers.append(.init("User-Agent", call.agent))
        if let key = keys[step.address.host] {
            step.request.headers.append(HTTPSignature.header(of: step, call, key, now: now))
        }
    }
}

/// A request, and where it goes.
package struct HTTPStep: Sendable {
    package var address: HTTPAddress
    package var request: HTTPRequest

    init(_ method: HTTPMethod, _ address: HTTPAddress) {
        self.address = address
        request = HTTPRequest(method.rawValue, address.text)
    }
}

/// What a request says of its task.
package struct HTTPCall: Sendable {
    package var taskID: TaskID
    package var task: String
    package var rootID: TaskID
    /// From 1.
    package var attempt: Int
    package var arguments: TaskArguments
    /// The JSON that the body of a request is.
    package var body: JSONObject
    /// When the caller gives up.
    package var deadline: Timestamp?
    /// The trace that the message continues.
    package var trace: TraceContext?
    /// The most bytes of an answer.
    package var bodyLimit: Int
    /// The header User-Agent.
    package var agent = "celery"

    package init(
        taskID: TaskID, task: String, rootID: TaskID, attempt: Int, arguments: TaskArguments, body: JSONObject,
        bodyLimit: Int = 16 << 20
    ) {
        self.taskID = taskID
        self.task = task
        self.rootID = rootID
        self.attempt = attempt
        self.arguments = arguments
        self.body = body
        self.bodyLimit = bodyLimit
    }
}

/// Why no request is sent: the task fails of it.
package struct HTTPRefusal: Error, Sendable, Hashable {
    package let failure: TaskFailure

    init(_ type: String, _ text: String) {
        failure = TaskFailure(type: type, arguments: [.string(text)], module: "builtins")
    }
}
