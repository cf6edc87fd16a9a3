import CeleryCore
import Wire

// A message that was dead and is sent again.
extension Message {
    /// The same as if it had just been sent, to a queue.
    func revived(in queue: String) -> Message {
        var message = self
        message.route = Route(queue: queue)
        message.retries = 0
        message.eta = nil
        return message
    }

    /// Why it would be of no use to send it again; `nil` when it may be.
    func refusalOfReplay(now: Timestamp) -> String? {
        guard let expires, expires <= now else { return nil }
        return "task \(id) expired at \(ISO8601.text(expires))"
    }
}
