/// A driver that stores its data at a `celery broker`. A broker and a result store at the same address record an outcome in one
/// transaction, since there is one `celery.db` behind it.
package protocol ZMQLinked: Sendable {
    var link: ZMQLink { get }
}

extension ZMQLinked {
    /// Whether another driver is at the same server.
    package func sharesServer(with other: Any) -> Bool {
        guard let other = other as? any ZMQLinked else { return false }
        return other.link.options.address == link.options.address && other.link.options.serverKey == link.options.serverKey
    }
}
