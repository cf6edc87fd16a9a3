import CeleryCore
import CeleryZMQ
import Synchronization

/// Messages that a revocation has removed, for the answer.
final class Removed: Sendable {
    private let messages = Mutex<[Pair<TaskID, Outcome>]>([])

    /// Messages whose results are told: those of more are in the store all the same, and the answer has to be one message.
    private static let most = 20_000

    var outcomes: [Pair<TaskID, Outcome>] { messages.withLock { $0 } }

    func add(_ removed: [RemovedMessage]) {
        messages.withLock { messages in
            for message in removed {
                let results = messages.count < Self.most ? message.outcome.results : []
                messages.append(Pair(message.id, Outcome(handle: message.outcome.handle, results: results)))
            }
        }
    }
}
