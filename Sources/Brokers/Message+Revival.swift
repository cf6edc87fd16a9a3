import CeleryCore
import Wire

// Replaying dead letters.
extension Message {
    /// A fresh copy for a queue, without retries and ETA.
    func revived(in queue: String) -> Message {
        var message = self
        message.route = Route(queue: queue)
        message.retries = 0
        message.eta = nil
        return message
    }

    /// Why replaying the message is pointless; `nil` when it may be replayed.
    func refusalOfReplay(now: Timestamp) -> String? {
        guard let expires, expires <= now else { return nil }
        return "task \(id) expired at \(ISO8601.text(expires))"
    }
}
