import CeleryCore
import Wire

/// Receives what is told on a topic, by a connection of its own.
///
/// A lost connection is made again, and counted: what was told meanwhile is lost.
protocol TopicMailbox: Sendable {
    associatedtype Item: Sendable
    associatedtype Failure: Error & CustomStringConvertible

    var inbox: TopicInbox<Item, Failure> { get }

    /// Reads what anybody may have sent.
    static func read(_ item: Item) throws(MalformedMessage) -> WireMessage

    func close() async
}

extension TopicMailbox {
    /// Rings when something comes, and when the connection changes.
    var bell: Bell { inbox.bell }

    /// The readable messages that came since the last call.
    func takeMessages() -> [WireMessage] { inbox.take().compactMap { try? Self.read($0) } }

    func takeNews() -> TopicInbox<Item, Failure>.News { inbox.takeNews() }
}
