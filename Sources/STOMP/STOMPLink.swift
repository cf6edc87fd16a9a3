import Streams

/// The way to a STOMP server: one connection, and a thread that owns it.
///
/// Without a listener the connection is made when it is needed. With one it is always there, and comes back by itself: a server that
/// says nothing for eight seconds is given up.
package final class STOMPLink: Sendable {
    /// Receives what happens, on the thread; must not block.
    package struct Listener: Sendable {
        /// A connection was made; its number is larger than that of any before. Returns what to send first.
        package var connected: @Sendable (STOMPServer, Int) -> [STOMPFrame]
        /// A message came, by the connection with this number.
        package var heard: @Sendable (STOMPFrame, Int) -> Void
        /// A connection ended, or could not be made. It is tried again.
        package var lost: @Sendable (STOMPError) -> Void

        package init(
            connected: @escaping @Sendable (STOMPServer, Int) -> [STOMPFrame], heard: @escaping @Sendable (STOMPFrame, Int) -> Void,
            lost: @escaping @Sendable (STOMPError) -> Void
        ) {
            self.connected = connected
            self.heard = heard
            self.lost = lost
        }
    }

    private let options: STOMPOptions
    private let thread: LoopThread<STOMPConversation.Request>

    /// Does not connect yet.
    package init(_ options: STOMPOptions, listener: Listener? = nil) {
        self.options = options
        thread = LoopThread { core in
            let loop = ConversationLoop(options, core, lost: listener?.lost) { STOMPConversation($0, listener, generation: $1) }
            loop.run()
        }
    }

    package var location: String { options.location }

    /// Starts the thread, and returns which server answers, once it has carried out what the listener sends first.
    package func connect() async throws(STOMPError) -> STOMPServer { try await exchange([], nil, options.connectTimeout * 3) }

    /// Sends frames in one go, and returns when the server has confirmed all those that want a receipt.
    ///
    /// - Parameters:
    ///   - generation: The connection they belong to; `nil` for any.
    ///   - limit: After this time without all confirmations the connection is given up.
    ///   - isRepeatable: Whether to send them again when the connection is lost before the receipts have come.
    /// - Throws: `late`, `refused`, `denied`, or why there is no connection.
    package func send(
        _ frames: [STOMPFrame], on generation: Int? = nil, within limit: Duration = .seconds(20), isRepeatable: Bool = false
    ) async throws(STOMPError) {
        do {
            _ = try await exchange(frames, generation, limit)
        } catch {
            // The server may have closed a connection that was not in use.
            guard error.isLoss, isRepeatable else { throw error }
            _ = try await exchange(frames, generation, limit)
        }
    }

    private func exchange(_ frames: [STOMPFrame], _ generation: Int?, _ limit: Duration) async throws(STOMPError) -> STOMPServer {
        try await thread.perform { STOMPConversation.Request(frames, on: generation, within: limit, end: $0) }
    }

    /// Sends frames that nobody waits for, if the connection with this number is still there. Returns at once; calls take effect in
    /// their order.
    package func post(_ frames: [STOMPFrame], on generation: Int) {
        guard !frames.isEmpty else { return }
        thread.addIfStarted(STOMPConversation.Request(frames, on: generation, within: .seconds(20)) { _ in })
    }

    /// Takes leave of the server and ends the thread.
    package func close() async { await thread.close() }

    /// Ends the connection without a word, as the death of the process would.
    package func abort() async { await thread.abort() }
}
