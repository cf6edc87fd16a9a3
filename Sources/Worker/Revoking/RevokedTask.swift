package import CeleryCore

/// A task that was revoked before any worker had it.
package enum RevokedTask {
    /// Its outcome, as a worker would have recorded it.
    ///
    /// - Parameters:
    ///   - attempt: The execution that will not be.
    ///   - name: Who records it.
    package static func outcome(of message: Message, attempt: Int, by name: String, now: Timestamp) -> Outcome {
        let delivery = Delivery(handle: DeliveryHandle(tag: 0, attempt: attempt), message: message)
        return OutcomeBuilder(delivery: delivery, worker: name, now: now).outcome(.revoked, failure: .revoked("revoked"))
    }
}
