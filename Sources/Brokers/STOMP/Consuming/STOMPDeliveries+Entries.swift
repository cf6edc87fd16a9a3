import STOMP

// Subscriptions, and what has come by them.
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

    struct Arrived: PushedMessage {
        var frame: STOMPFrame
        var subscription: String
        var queue: String
        var ackID: String { frame["ack"] ?? "" }
    }
}
