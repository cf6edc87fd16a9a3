/// A message that proves that a worker consumes: `celery doctor` sends it, and the worker that takes it notes its id and leaves no
/// result. The sender asks for that note by remote control.
package enum Probe {
    /// The name of its task, which every worker of ours has.
    package static let task = "celery.probe"

    /// What the names of the queues for probes begin with.
    package static let queuePrefix = "celery.probe."

    /// The queue for probes of one worker. It exists only while somebody probes; its name stays the same, since subscriptions
    /// remember the queues that they have consumed.
    package static func queue(of worker: String) -> String { queuePrefix + worker }

    /// A probe on its way to a queue.
    ///
    /// - Parameters:
    ///   - body: Encoded empty arguments.
    ///   - expires: When the broker may forget it.
    package static func message(to queue: String, body: MessageBody, expires: Timestamp) -> Message {
        var message = Message(task: task, body: body)
        message.route = Route(queue: queue)
        message.expires = expires
        message.ignoreResult = true
        message.isPersistent = false
        message.argsRepr = "()"
        message.kwargsRepr = "{}"
        return message
    }
}
