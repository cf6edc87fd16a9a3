package import CeleryCore

/// A task that was revoked before any worker took it.
package enum RevokedTask {
    /// The outcome that a worker would have recorded.
    ///
    /// - Parameters:
    ///   - attempt: The number of the execution that does not take place.
    ///   - name: The recorder's name, as the worker of the result.
    ///   - webhooks: Which servers are told.
    package static func outcome(
        of message: Message, attempt: Int, by name: String, now: Timestamp, webhooks: WebhookRule = WebhookRule()
    ) -> Outcome {
        let delivery = Delivery(handle: DeliveryHandle(tag: 0, attempt: attempt), message: message)
        var builder = OutcomeBuilder(delivery: delivery, worker: name, now: now)
        builder.webhooks = webhooks
        return builder.outcome(.revoked, failure: .revoked("revoked"))
    }
}
