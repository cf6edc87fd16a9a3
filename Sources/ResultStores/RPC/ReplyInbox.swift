import CeleryAMQP
import CeleryCore
import RabbitMQ
import Synchronization

/// Shared by the thread of a `MailboxReader` and the tasks that wait for it.
final class ReplyInbox: Sendable {
    struct State {
        var moved = 0
        var isSubscribed = false
        /// Why the server refused the connection.
        var refusal: RabbitMQError?
        /// Why the last results could not be stored; cleared when results are stored again.
        var unkept: DriverError?
        var isFinished = false
    }

    let state = Mutex(State())
    let bell = Bell()
    let batches: AsyncStream<[IncomingDelivery]>
    private let location: String
    private let pass: AsyncStream<[IncomingDelivery]>.Continuation

    /// - Parameter location: The broker URLs without passwords.
    init(location: String) {
        self.location = location
        (batches, pass) = AsyncStream.makeStream()
    }

    var trouble: DriverError? {
        state.withLock { state in state.unkept ?? state.refusal.map { DriverError($0, at: location) } }
    }

    func add(_ deliveries: [IncomingDelivery]) { pass.yield(deliveries) }

    func finish() {
        pass.finish()
        note { $0.isFinished = true }
    }

    func noteMoved(_ count: Int) {
        note { state in
            state.moved += count
            state.unkept = nil
        }
    }

    func noteUnkept(_ error: any Error) {
        note { $0.unkept = error as? DriverError ?? DriverError(.unreachable, "cannot store results: \(error)") }
    }

    func noteSubscribed() {
        note { state in
            state.isSubscribed = true
            state.refusal = nil
        }
    }

    func noteLost(_ error: RabbitMQError) {
        note { state in
            state.isSubscribed = false
            // An unreachable server comes back; a refusal is final.
            if case .refused = error.code { state.refusal = error }
        }
    }

    /// Waits for a second, or until the inbox is finished.
    func pause() async {
        let end = ContinuousClock.now + .seconds(1)
        while end > .now {
            let seen = bell.count
            if state.withLock({ $0.isFinished }) { return }
            await bell.wait(since: seen, until: end)
        }
    }

    private func note(_ change: (inout State) -> Void) {
        state.withLock { change(&$0) }
        bell.ring()
    }
}
