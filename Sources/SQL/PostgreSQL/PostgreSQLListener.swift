import CeleryCore
import Glibc
import Processes
import Synchronization

/// Listens to a channel of a PostgreSQL server: a thread and a connection of its own, which comes back by itself.
///
/// It connects when somebody begins to wait, asks a quiet server every four seconds whether it is still there, and ends when nobody
/// has waited for a minute.
package final class PostgreSQLListener: Sendable {
    private struct State {
        var isRunning = false
        var isClosed = false
        var isListening = false
        var lastUse = ContinuousClock.now
        var waker: Waker?
    }

    private let server: PostgreSQLServer
    private let channel: String
    /// Called on the thread: with the text of a notice, or with `nil` when some may have been missed. Must not block.
    private let heard: @Sendable (String?) -> Void
    private let shared = SharedState()

    /// The state, apart from the listener: the thread refers to it as well.
    private final class SharedState: Sendable {
        private let state = Mutex(State())

        func withLock<Value>(_ body: (inout sending State) throws -> sending Value) rethrows -> sending Value {
            try state.withLock(body)
        }
    }

    private static let probe: Duration = .seconds(4)
    private static let idleLimit: Duration = .seconds(60)

    /// Does not connect yet.
    ///
    /// - Parameter channel: A plain name: letters and underscores.
    package init(_ server: PostgreSQLServer, channel: String, heard: @escaping @Sendable (String?) -> Void) {
        self.server = server
        self.channel = channel
        self.heard = heard
    }

    deinit { close() }

    /// Listens from soon on, until nobody has called this for a minute.
    ///
    /// - Returns: Whether it listens already, so that nothing is missed.
    package func listen() -> Bool {
        let (isListening, begins) = shared.withLock { state in
            state.lastUse = .now
            guard !state.isClosed, !state.isRunning else { return (state.isListening, false) }
            guard let waker = try? Waker() else { return (false, false) }
            state.waker = waker
            state.isRunning = true
            return (false, true)
        }
        if begins {
            WorkThread.start { [server, channel, heard, shared] in Self.run(server, channel, heard, shared) }
        }
        return isListening
    }

    /// Ends the thread soon. Does not wait for that.
    package func close() {
        shared.withLock { state in
            state.isClosed = true
            state.waker?.wake()
        }
    }

    // MARK: The thread

    private static func run(
        _ server: PostgreSQLServer, _ channel: String, _ heard: @Sendable (String?) -> Void, _ shared: SharedState
    ) {
        var backoff = SQLPatience.backoff
        while true {
            do throws(SQLError) {
                try follow(server, channel, heard, shared) { backoff.reset() }
                return
            } catch {
                shared.withLock { $0.isListening = false }
                // Whoever waits looks for itself until it goes on.
                heard(nil)
                pause(backoff.next(), shared)
                if ends(shared) { return }
            }
        }
    }

    /// Listens until nobody wants that any more; then `ends` has been true.
    private static func follow(
        _ server: PostgreSQLServer, _ channel: String, _ heard: (String?) -> Void, _ shared: SharedState, _ began: () -> Void
    ) throws(SQLError) {
        let connection = try PostgreSQLConnection(server, patience: probe)
        defer { connection.close() }
        try ask("LISTEN \(channel)", connection)
        began()
        shared.withLock { $0.isListening = true }
        // There may have been a change before.
        heard(nil)
        while !ends(shared) {
            let hasNews = pause(probe, shared, connection.descriptor)
            if !hasNews { try ask("SELECT 1", connection) }
            for text in try connection.notices() { heard(text) }
        }
    }

    private static func ask(_ sql: String, _ connection: PostgreSQLConnection) throws(SQLError) {
        do {
            try connection.execute(sql)
        } catch {
            throw error as? SQLError ?? SQLError(.lost, "\(error)")
        }
    }

    /// Whether the thread is to end. Once this is true another may be started.
    private static func ends(_ shared: SharedState) -> Bool {
        shared.withLock { state in
            guard state.isClosed || state.lastUse + idleLimit < .now else { return false }
            state.isRunning = false
            state.isListening = false
            state.waker = nil
            return true
        }
    }

    /// Waits until the descriptor is readable, the time is over, or the listener is closed.
    ///
    /// - Returns: Whether the descriptor is readable.
    @discardableResult
    private static func pause(_ time: Duration, _ shared: SharedState, _ descriptor: Int32 = -1) -> Bool {
        guard let waker = shared.withLock({ $0.waker }) else { return false }
        var entries = [
            pollfd(fd: waker.descriptor.number, events: Int16(POLLIN), revents: 0),
            // poll(2) ignores negative descriptors.
            pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
        ]
        _ = poll(&entries, 2, time.pollMilliseconds)
        return entries[1].revents != 0
    }
}
