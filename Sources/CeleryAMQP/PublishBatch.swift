package import RabbitMQ

/// Messages that are confirmed together, and the state of each.
///
/// Used only on the thread of its publisher.
package final class PublishBatch {
    let publications: [Publication]
    let deadline: ContinuousClock.Instant
    private let done: @Sendable (Result<Void, PublishFailure>) -> Void
    /// Index of the next message to send.
    var next = 0
    /// Messages without an answer from the server.
    private var open: Set<Int>
    /// Messages that no queue took, and why.
    private var refused: [Int: RabbitMQError] = [:]
    /// Messages that the server rejected.
    private var missed: Set<Int> = []
    private var isOver = false

    package init(
        _ publications: [Publication], deadline: ContinuousClock.Instant,
        _ done: @escaping @Sendable (Result<Void, PublishFailure>) -> Void
    ) {
        self.publications = publications
        self.deadline = deadline
        self.done = done
        open = Set(publications.indices)
    }

    /// Gives up a message without sending it.
    func refuse(_ index: Int, _ error: RabbitMQError) {
        refused[index] = error
        close(index)
    }

    /// Notes that the server found no queue for a message. Its confirm follows.
    func noteReturn(_ index: Int, _ reason: String) { refused[index] = RabbitMQError(.refused(312), reason) }

    /// Notes the server's confirm or rejection.
    func confirm(_ index: Int, isTaken: Bool) {
        if !isTaken { missed.insert(index) }
        close(index)
    }

    private func close(_ index: Int) {
        open.remove(index)
        if open.isEmpty { finish(nil) }
    }

    /// Reports the result, once.
    ///
    /// - Parameter error: The error that ended the batch; `nil` when the server has answered for every message.
    func finish(_ error: RabbitMQError?) {
        guard !isOver else { return }
        isOver = true
        // Whatever ended the batch, only a confirmed message counts as accepted.
        let unconfirmed = open.union(missed).union(refused.keys).sorted()
        if let error {
            done(.failure(PublishFailure(error: error, unconfirmed: unconfirmed)))
        } else if let first = refused.min(by: { $0.key < $1.key }) {
            done(.failure(PublishFailure(error: first.value, unconfirmed: unconfirmed)))
        } else if !missed.isEmpty {
            let reason = "the server rejects messages now: the queue is full, or has no leader"
            done(.failure(PublishFailure(error: RabbitMQError(.blocked, reason), unconfirmed: unconfirmed)))
        } else {
            done(.success(()))
        }
    }
}

/// A batch that was not accepted, or not completely.
package struct PublishFailure: Error, Sendable {
    package var error: RabbitMQError
    /// Indices of the messages that the server has not confirmed, or has rejected.
    package var unconfirmed: [Int]
    /// Whether there was a connection to send the messages on.
    var isOfMessages = true

    package init(error: RabbitMQError, unconfirmed: [Int], isOfMessages: Bool = true) {
        self.error = error
        self.unconfirmed = unconfirmed
        self.isOfMessages = isOfMessages
    }
}
