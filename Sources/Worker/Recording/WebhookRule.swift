package import CeleryCore
import Tasks
import Wire

/// Which tasks tell a server of their end, and by which message.
package struct WebhookRule: Sendable, Equatable {
    /// The hosts that a message may name.
    package var hosts = HTTPHosts()
    /// The queue of the calls; `nil` is that of the task.
    package var queue: String?

    /// Nobody is told.
    package init() {}

    package init(_ settings: Settings) {
        hosts = settings.httpHosts
        queue = settings.webhookQueue
    }

    /// Why the URL that a message names will not be called; `nil` if it will, or if there is none.
    func refusal(of message: Message) -> String? {
        guard let value = message.headers[Webhook.header], !value.isNull else { return nil }
        guard let url = value.stringValue, let address = try? HTTPAddress(url), address.scheme != .unix else { return "it is no URL" }
        return hosts.list(address) ? nil : "\(address.authority.forLog) is not listed in CELERY_HTTP_HOSTS"
    }

    /// Whether a message may name a URL.
    func isNamed(by message: Message) -> Bool { message.headers[Webhook.header] != nil }

    /// The message that has a server told; `nil` if the task names none that may be called.
    ///
    /// Its id follows from that of the task: what is published twice after a crash is called once, or twice with one key.
    func message(after message: Message, _ result: TaskResult) -> Message? {
        guard result.state.isReady, message.task != Webhook.task, let url = message.headers[Webhook.header]?.stringValue, refusal(of: message) == nil
        else { return nil }
        var call = Message(id: TaskID("\(message.id.text).callback"), task: Webhook.task, body: BodyCodec.encode(Webhook.arguments(url, result)))
        call.route = Route(queue: queue ?? message.route.queue)
        call.parentID = message.id
        call.rootID = message.rootID ?? message.id
        call.ignoreResult = true
        TraceContext(message)?.write(to: &call)
        return call
    }
}
