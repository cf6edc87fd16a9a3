import CeleryCore
import STOMP

// Subscriptions, and a delivery on its way: arrived, waiting for its time, with the worker.
extension STOMPDeliveries {
    /// What the server sends to the worker of one queue, up to `size` messages at a time.
    struct Subscription {
        var id: String
        var queue: String
        var size: Int
        /// Messages that were read and not ended.
        var heldCount = 0
        /// Whether it ends when none is left.
        var isLeaving = false
    }

    struct Arrived {
        var frame: STOMPFrame
        var subscription: String
        var queue: String
        var ackID: String { frame["ack"] ?? "" }
    }

    struct Scheduled: Comparable {
        var eta: Timestamp
        var number: Int64
        var arrived: Arrived
        var message: Message
        var attempt: Int
        var returns = 0
        var crashes = 0
        var doubts = 0
        var defect: Delivery.Defect?
        var waitsSince: Timestamp?

        static func < (left: Self, right: Self) -> Bool { (left.eta, left.number) < (right.eta, right.number) }
        static func == (left: Self, right: Self) -> Bool { left.number == right.number }
    }

    /// A delivery that the worker has, or had when its connection was lost.
    struct Held {
        var generation: Int
        var entry: Scheduled
        var message: Message { entry.message }
        var attempt: Int { entry.attempt }
        var crashes: Int { entry.crashes }
    }
}
