package import RabbitMQ

/// Messages that are confirmed together, and what has become of each so far.
///
/// Belongs to the thread of its publisher.
package final class PublishBatch {
    let publications: [Publication]
    let deadline: ContinuousClock.Instant
    private let done: @Sendable (Result<Void, PublishFailure>) -> Void
    /// The one to be sent next.
    var next = 0
    /// Those of which the server has not said what became of them.
    private var open: Set<Int>
    /// Those that no queue gets, and why.
    private var refused: [Int: RabbitMQError] = [:]
    /// Those that the server could not take at this moment.
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

    /// Gives up one message, which the server will not be asked to take.
    func refuse(_ index: Int, _ error: RabbitMQError) {
        refused[index] = error
        close(index)
    }

    /// The server has found no queue for a message. Its confirm follows.
    func noteReturn(_ index: Int, _ reason: String) { refused[index] = RabbitMQError(.refused(312), reason) }

    /// The server is done with a message.
    func confirm(_ index: Int, isTaken: Bool) {
        if !isTaken { missed.insert(index) }
        close(index)
    }

    private func close(_ index: Int) {
        open.remove(index)
        if open.isEmpty { finish(nil) }
    }

    /// Tells how it went, once.
    ///
    /// - Parameter error: What ended it; `nil` when the server has spoken of every message.
    func finish(_ error: RabbitMQError?) {
        guard !isOver else { return }
        isOver = true
        // With whatever else it ends: only a confirmed message may be taken for accepted.
        let unconfirmed = open.union(missed).union(refused.keys).sorted()
        if let error {
            done(.failure(PublishFailure(error: error, unconfirmed: unconfirmed)))
        } else if let first = refused.min(by: { $0.key < $1.key }) {
            done(.failure(PublishFailure(error: first.value, unconfirmed: unconfirmed)))
        } else if !missed.isEmpty {
            let reason = "it does not take messages now: the queue is full, or has no leader"
            done(.failure(PublishFailure(error: RabbitMQError(.blocked, reason), unconfirmed: unconfirmed)))
        } else {
            done(.success(()))
        }
    }
}

/// A batch that was not, or not wholly, accepted.
package struct PublishFailure: Error, Sendable {
    package var error: RabbitMQError
    /// Which of its messages the server has not confirmed, or not taken.
    package var unconfirmed: [Int]
    /// Whether there was a connection to send them on.
    var isOfMessages = true

    package init(error: RabbitMQError, unconfirmed: [Int], isOfMessages: Bool = true) {
        self.error = error
        self.unconfirmed = unconfirmed
        self.isOfMessages = isOfMessages
    }
}
