import CeleryCore

/// The queue for which a message is meant, in a header, for servers that mix queues up.
///
/// garagemq finds the stored messages of a queue by the beginning of their keys: after a restart the messages of `celery.dead` are
/// in `celery` as well. Whoever gets such a copy drops it; the message itself is still in its own queue.
enum QueueMark {
    static let name = "celery-queue"

    /// Marks a message that goes to a queue by its name. Other messages go to queues that nobody here knows.
    static func write(_ message: WireMessage, in headers: JSONObject) -> JSONObject {
        guard message.exchange.isEmpty else { return headers }
        var marked = headers
        marked[name] = .string(message.routingKey)
        return marked
    }

    /// Removes the mark.
    ///
    /// Other marks are of no account: Python's workers copy them with unknown headers into what they send to other queues.
    ///
    /// - Returns: Whether the message came from another queue than its own, with which the server mixes that one up.
    static func take(from headers: inout JSONObject, of queue: String) -> Bool {
        guard let mark = headers[name] else { return false }
        headers[name] = nil
        guard let meant = mark.stringValue else { return false }
        return meant != queue && meant.hasPrefix(queue)
    }
}
