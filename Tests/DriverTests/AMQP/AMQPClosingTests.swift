import Brokers
import CeleryCore
import Fixtures
import Testing

/// A broker that is closed while others use it.
@Suite(.timeLimit(.minutes(3))) struct AMQPClosingTests {
    @Test func `publishing while the connection is closed comes to an end`() async throws {
        let place = try AMQPPlace()
        let broker = try place.broker()
        for round in 0..<12 {
            try await broker.publish([Message("first")])
            let tasks = (0..<4).map { _ in Task { try await broker.publish((0..<500).map { Message("\($0)") }) } }
            // Every round closes at another moment of the publishing.
            try await Task.sleep(for: .milliseconds(round))
            await broker.close()
            // On a connection that is made anew.
            for task in tasks { try await promptly("the end of publishing") { try await task.value } }
        }
        await broker.close()
    }
}
