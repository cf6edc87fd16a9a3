import CeleryCore

/// A pushed message that was read: what it says, and how it came.
struct PushedDelivery<Arrived: PushedMessage>: Comparable, Sendable {
    /// When it may begin; the beginning of time for a message without an ETA.
    let eta: Timestamp
    /// The number in its handle, in the order in which messages were read.
    let number: Int64
    let arrived: Arrived
    let message: Message
    let attempt: Int
    /// How often the message returned to its queue.
    let returns: Int
    /// Attempts that lost their process.
    let crashes: Int
    /// Attempts that may have lost their process.
    let doubts: Int
    let defect: Delivery.Defect?
    /// Since when the message has waited for the limits of its task.
    let waitsSince: Timestamp?
    /// Since when this worker holds it.
    var since = ContinuousClock.now

    /// - Parameters:
    ///   - message: The message; its header for `waitsSince` is read and removed.
    ///   - count: What its other headers said.
    init(_ arrived: Arrived, number: Int64, message: Message, count: AttemptHeader.Reading, defect: Delivery.Defect? = nil) {
        var message = message
        waitsSince = WaitHeader.read(&message)
        eta = message.eta ?? Timestamp(seconds: 0)
        (self.arrived, self.number, self.message, self.defect) = (arrived, number, message, defect)
        (attempt, returns, crashes, doubts) = (count.attempt, count.returns, count.crashes, count.doubts)
    }

    static func < (left: Self, right: Self) -> Bool { (left.eta, left.number) < (right.eta, right.number) }
    static func == (left: Self, right: Self) -> Bool { left.number == right.number }

    /// Whether the worker gets it now. An expired message need not wait for its ETA.
    func mayBegin(at now: Timestamp) -> Bool { eta <= now || message.expires.map { $0 < now } ?? false }

    /// How the worker gets it.
    var delivery: Delivery {
        var delivery = Delivery(handle: DeliveryHandle(tag: number, attempt: attempt), message: message)
        (delivery.crashes, delivery.doubts, delivery.defect, delivery.waitsSince) = (crashes, doubts, defect, waitsSince)
        return delivery
    }

    // MARK: A new message in its place

    /// The same message, not begun. The attempt number stays: a lost worker may have begun any of the earlier attempts.
    var unbegun: Message { AttemptHeader.next(message.backToItsQueue, after: attempt - 1, crashes: crashes) }

    /// The message for the next attempt.
    var begun: Message { AttemptHeader.next(message.backToItsQueue, after: attempt, crashes: crashes) }

    /// The message for the next attempt, after this one lost its process.
    var crashed: Message { AttemptHeader.next(message.backToItsQueue, after: attempt, crashes: crashes + 1) }
}
