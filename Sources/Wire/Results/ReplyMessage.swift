package import CeleryCore

/// The message by which a result reaches the client that waits for it, as Python's `rpc://` sends it (`rpc-result-*` in
/// `Tests/Golden`).
package enum ReplyMessage {
    /// Queues with this prefix outlive their clients, so their messages are persistent.
    package static let lastingPrefix = "celery.reply."

    /// - Returns: `nil` for a result without a reply address.
    package static func message(with result: TaskResult) -> WireMessage? {
        guard let replyTo = result.replyTo, !replyTo.isEmpty else { return nil }
        return WireMessage(
            routingKey: replyTo,
            properties: WireProperties(
                contentType: "application/json", contentEncoding: "utf-8",
                deliveryMode: replyTo.hasPrefix(lastingPrefix) ? 2 : 1, priority: 0, correlationID: result.id.text),
            body: KeptResult.document(of: result).bytes(style: .python))
    }
}
