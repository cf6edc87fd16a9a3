import CeleryCore
import STOMP
import Synchronization

/// Receives what is told on a topic, or lies in a queue, by a connection of its own.
///
/// A lost connection is made again, and counted: what was told meanwhile is lost.
final class STOMPMailbox: Sendable {
    private struct State {
        var frames: [STOMPFrame] = []
        var connections = 0
        var loss: STOMPError?
        var dropped = 0
    }

    let bell: Bell
    let link: STOMPLink
    private let state: SharedState

    /// Frames kept for a reader who does not come.
    private static let limit = 50_000

    private final class SharedState: Sendable {
        let value = Mutex(State())
    }

    convenience init(_ options: STOMPOptions, topic destination: String) {
        // The id is of this program alone: RabbitMQ may name a queue after it.
        self.init(
            options,
            subscriptions: [
                STOMPFrame(
                    "SUBSCRIBE",
                    [STOMPFrame.Header("id", "box-\(TaskID())"), STOMPFrame.Header("destination", destination), STOMPFrame.Header("ack", "auto")])
            ])
    }

    init(_ options: STOMPOptions, subscriptions: [STOMPFrame]) {
        let bell = Bell()
        self.bell = bell
        let state = SharedState()
        self.state = state
        link = STOMPLink(
            options,
            listener: STOMPLink.Listener(
                connected: { _, _ in
                    state.value.withLock { $0.connections += 1 }
                    bell.ring()
                    return subscriptions
                },
                heard: { frame, _ in
                    state.value.withLock { state in
                        state.frames.append(frame)
                        let surplus = state.frames.count - Self.limit
                        guard surplus > 0 else { return }
                        state.frames.removeFirst(surplus)
                        state.dropped += surplus
                    }
                    bell.ring()
                },
                lost: { error in
                    state.value.withLock { $0.loss = error }
                    bell.ring()
                }))
    }

    /// Connects and listens. From then on nothing is missed.
    func open() async throws(STOMPError) -> STOMPServer {
        let server = try await link.connect()
        // The server carries frames out in their order: the end of this transaction comes after the subscription.
        let name = STOMPFrame.Header("transaction", "open")
        try await link.send([STOMPFrame("BEGIN", [name]), STOMPFrame("ABORT", [name], wantsReceipt: true)])
        return server
    }

    /// What came since the last call.
    func take() throws -> [STOMPFrame] {
        state.value.withLock { state in
            defer { state.frames = [] }
            return state.frames
        }
    }

    /// What a follower should know since the last call: how many frames were dropped, the number of connections, and the last loss.
    func takeNews() -> (dropped: Int, connections: Int, loss: STOMPError?) {
        state.value.withLock { state in
            defer { (state.dropped, state.loss) = (0, nil) }
            return (state.dropped, state.connections, state.loss)
        }
    }

    func close() async {
        await link.close()
        bell.ring()
    }
}
