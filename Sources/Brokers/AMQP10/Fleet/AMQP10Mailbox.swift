import CeleryCore
import Proton
import Synchronization

/// Receives what is told on a topic, by a connection of its own.
///
/// A lost connection is made again, and counted: what was told meanwhile is lost.
final class AMQP10Mailbox: Sendable {
    private struct State {
        var messages: [ProtonMessage] = []
        var connections = 0
        var loss: ProtonError?
        var dropped = 0
    }

    private final class SharedState: Sendable {
        let value = Mutex(State())
    }

    let bell: Bell
    let client: ProtonClient
    private let state: SharedState

    /// Messages kept for a reader who does not come.
    private static let limit = 50_000
    /// Messages that may be on their way.
    private static let credit = 2_000

    init(_ options: ProtonOptions, topic: ProtonNode) {
        let bell = Bell()
        self.bell = bell
        let state = SharedState()
        self.state = state
        let reply = ReplyingClient()
        client = ProtonClient(
            options,
            listener: ProtonClient.Listener(
                connected: { _, _ in
                    state.value.withLock { $0.connections += 1 }
                    bell.ring()
                    return [.receive(1, from: topic, credit: Self.credit)]
                },
                heard: { arrival, generation in
                    reply.client?.post(
                        [.credit(1, Self.credit)] + (arrival.delivery.map { [.settle([$0], .accepted)] } ?? []), on: generation)
                    guard let message = try? ProtonMessage(decoding: arrival.bytes) else { return }
                    state.value.withLock { state in
                        state.messages.append(message)
                        let surplus = state.messages.count - Self.limit
                        guard surplus > 0 else { return }
                        state.messages.removeFirst(surplus)
                        state.dropped += surplus
                    }
                    bell.ring()
                },
                lost: { error in
                    state.value.withLock { $0.loss = error }
                    bell.ring()
                }))
        reply.set(client)
    }

    /// Connects and listens. From then on nothing is missed.
    func open() async throws(ProtonError) -> ProtonServer { try await client.connect() }

    /// What came since the last call.
    func take() -> [ProtonMessage] {
        state.value.withLock { state in
            defer { state.messages = [] }
            return state.messages
        }
    }

    /// What a follower should know since the last call: how many messages were dropped, the number of connections, and the last loss.
    func takeNews() -> (dropped: Int, connections: Int, loss: ProtonError?) {
        state.value.withLock { state in
            defer { (state.dropped, state.loss) = (0, nil) }
            return (state.dropped, state.connections, state.loss)
        }
    }

    func close() async {
        await client.close()
        bell.ring()
    }
}
