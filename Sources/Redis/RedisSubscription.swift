package import CeleryCore
import Streams

/// The way of messages from a Redis server: a connection for channels alone, and a thread that owns it.
///
/// Connects while there are channels, is never used for commands, and comes back by itself: a server that says nothing for eight
/// seconds, in spite of being asked every two and a half, is given up.
package final class RedisSubscription: Sendable {
    /// What to listen to.
    package enum Channel: Sendable, Hashable {
        case name(String)
        /// Glob-style, as PSUBSCRIBE takes it; see `escaped`.
        case pattern(String)

        /// Text in which no character is special in a pattern.
        package static func escaped(_ text: String) -> String {
            text.reduce(into: "") { pattern, character in
                if "*?[]\\".contains(character) { pattern += "\\" }
                pattern.append(character)
            }
        }
    }

    /// Receives what happens, on the thread; must not block.
    package struct Listener: Sendable {
        /// A message came: its channel, and what it says.
        package var heard: @Sendable (String, [UInt8]) -> Void
        /// A connection was made, the first or another: messages may have been missed before.
        package var resumed: @Sendable () -> Void

        package init(
            heard: @escaping @Sendable (String, [UInt8]) -> Void, resumed: @escaping @Sendable () -> Void
        ) {
            self.heard = heard
            self.resumed = resumed
        }
    }

    private let options: RedisOptions
    private let thread: LoopThread<SubscriptionLoop.Job>

    /// Does not connect yet.
    package init(_ options: RedisOptions, _ listener: Listener) {
        self.options = options
        thread = LoopThread { SubscriptionLoop(options, listener, $0).run() }
    }

    /// Listens to channels.
    ///
    /// - Returns: When the server has confirmed it: from then on no message is missed until `resumed` is called.
    /// - Throws: `DriverError` when there is no connection; it goes on trying, and `resumed` tells of its success.
    package func subscribe(_ channels: [Channel]) async throws {
        guard !channels.isEmpty else { return }
        let error = await withCheckedContinuation { (continuation: CheckedContinuation<DriverError?, Never>) in
            if !subscribe(channels, { continuation.resume(returning: $0) }) {
                continuation.resume(returning: DriverError(.closed, at: options.location))
            }
        }
        if let error { throw error }
    }

    /// The same without waiting. Calls take effect in the order in which they are made.
    ///
    /// - Parameter confirm: Called on the thread, with an error if there is no connection.
    /// - Returns: `false` when the subscription is closed; then `confirm` is not called.
    package func subscribe(_ channels: [Channel], _ confirm: @escaping @Sendable (DriverError?) -> Void) -> Bool {
        let location = options.location
        return (try? thread.add(.subscribe(channels) { confirm($0.map { DriverError($0, at: location) }) })) ?? false
    }

    /// Listens no more. Returns at once.
    package func unsubscribe(_ channels: [Channel]) {
        if !channels.isEmpty { thread.addIfStarted(.unsubscribe(channels)) }
    }

    /// Closes the connection and ends the thread.
    package func close() async { await thread.close() }
}
