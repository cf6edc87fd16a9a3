package import CeleryCore
import Processes
import Streams
import Synchronization

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
    private let listener: Listener
    private let core = Mutex<LoopCore<SubscriptionLoop.Job>?>(nil)

    /// Does not connect yet.
    package init(_ options: RedisOptions, _ listener: Listener) {
        self.options = options
        self.listener = listener
    }

    deinit { core.withLock { $0?.beginClosing() } }

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
        guard let loop = try? loop() else { return false }
        let location = options.location
        return loop.add(.subscribe(channels) { confirm($0.map { DriverError($0, at: location) }) })
    }

    /// Listens no more. Returns at once.
    package func unsubscribe(_ channels: [Channel]) {
        guard !channels.isEmpty, let core = core.withLock({ $0 }) else { return }
        _ = core.add(.unsubscribe(channels))
    }

    private func loop() throws(SystemError) -> LoopCore<SubscriptionLoop.Job> {
        let (core, isNew) = try core.withLock { (core) throws(SystemError) in
            if let core { return (core, false) }
            let made = try LoopCore<SubscriptionLoop.Job>()
            core = made
            return (made, true)
        }
        if isNew {
            WorkThread.start { [options, listener] in
                SubscriptionLoop(options, listener, core).run()
                core.ended.set(())
            }
        }
        return core
    }

    /// Closes the connection and ends the thread.
    package func close() async {
        let core = core.withLock { $0 }
        await core?.close()
    }
}
