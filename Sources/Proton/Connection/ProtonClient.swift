import Streams

/// The way to a server: one connection, and a thread that owns it.
///
/// Without a listener the connection is made when it is needed. With one it is always there, and comes back by itself: a server that
/// says nothing for eight seconds is given up.
package final class ProtonClient: Sendable {
    /// Receives what happens, on the thread; must not block.
    package struct Listener: Sendable {
        /// A connection was made; its number is larger than that of any before. Returns what to ask first.
        package var connected: @Sendable (ProtonServer, Int) -> [ProtonOrder]
        /// A message came, by the connection with this number.
        package var heard: @Sendable (ProtonArrival, Int) -> Void
        /// A connection ended, or could not be made, or the server ended a receiver. It is tried again.
        package var lost: @Sendable (ProtonError) -> Void

        package init(
            connected: @escaping @Sendable (ProtonServer, Int) -> [ProtonOrder], heard: @escaping @Sendable (ProtonArrival, Int) -> Void,
            lost: @escaping @Sendable (ProtonError) -> Void
        ) {
            self.connected = connected
            self.heard = heard
            self.lost = lost
        }
    }

    private let options: ProtonOptions
    private let thread: LoopThread<ProtonConversation.Request>

    /// Does not connect yet.
    package init(_ options: ProtonOptions, listener: Listener? = nil) {
        self.options = options
        thread = LoopThread { core in
            let loop = ConversationLoop(options, core, lost: listener?.lost) { ProtonConversation($0, listener, generation: $1) }
            loop.run()
        }
    }

    package var location: String { options.location }

    /// Starts the thread, and returns which server answers, once all receivers that the listener asked for are there.
    package func connect() async throws(ProtonError) -> ProtonServer { try await answer(.orders([]), nil, options.connectTimeout * 3).server }

    /// Has orders carried out, and returns when the receivers among them are there.
    ///
    /// - Parameter generation: The connection they belong to.
    /// - Returns: How many nodes have a message, of those that were looked into.
    /// - Throws: `lost` when that connection has ended; `missing`, `denied` or `conflict` when the server refuses a receiver.
    @discardableResult
    package func perform(_ orders: [ProtonOrder], on generation: Int, within limit: Duration = .seconds(20)) async throws(ProtonError) -> Int {
        try await answer(.orders(orders), generation, limit).count
    }

    /// Sends messages, and returns when the server has told the fate of each.
    ///
    /// - Parameter limit: After this time without all fates the connection is given up.
    /// - Returns: What became of those that were not accepted, by their position. A message whose fate is unknown is sent again once,
    ///   by a new connection.
    package func send(_ parcels: [ProtonParcel], within limit: Duration = .seconds(20)) async -> [Int: ProtonError] {
        var failures = await attempt(parcels, limit)
        // The server may have closed a connection that was not in use.
        let lost = failures.filter(\.value.isLoss).keys.sorted()
        guard !lost.isEmpty else { return failures }
        let again = await attempt(lost.map { parcels[$0] }, limit)
        for (position, index) in lost.enumerated() { failures[index] = again[position] }
        return failures
    }

    private func attempt(_ parcels: [ProtonParcel], _ limit: Duration) async -> [Int: ProtonError] {
        do throws(ProtonError) {
            return try await answer(.parcels(parcels), nil, limit).failures
        } catch {
            return Dictionary(uniqueKeysWithValues: parcels.indices.map { ($0, error) })
        }
    }

    private func answer(
        _ work: ProtonConversation.Work, _ generation: Int?, _ limit: Duration
    ) async throws(ProtonError) -> ProtonConversation.Answer {
        try await thread.perform { ProtonConversation.Request(work, on: generation, within: limit, end: $0) }
    }

    /// Has orders carried out that nobody waits for, if the connection with this number is still there. Returns at once; calls take
    /// effect in their order.
    package func post(_ orders: [ProtonOrder], on generation: Int) {
        guard !orders.isEmpty else { return }
        thread.addIfStarted(ProtonConversation.Request(.orders(orders), on: generation, within: .seconds(20)) { _ in })
    }

    /// Takes leave of the server and ends the thread.
    package func close() async { await thread.close() }

    /// Ends the connection without a word, as the death of the process would.
    package func abort() async { await thread.abort() }
}
