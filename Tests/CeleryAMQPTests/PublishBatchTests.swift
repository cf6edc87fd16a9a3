import CeleryCore
import RabbitMQ
import Synchronization
import Testing

@testable import CeleryAMQP

/// What a batch says of its messages, however the server and the connection behave.
@Suite struct PublishBatchTests {
    /// A batch of so many, and how it ended.
    private final class Ended: Sendable {
        private let result = Mutex<Result<Void, PublishFailure>?>(nil)

        func batch(of count: Int) -> PublishBatch {
            let publications = (0..<count).map { _ in Publication(WireMessage(routingKey: "q", body: []), isMandatory: true) }
            return PublishBatch(publications, deadline: .now) { [self] result in
                self.result.withLock {
                    #expect($0 == nil, "told twice")
                    $0 = result
                }
            }
        }

        var isOver: Bool { result.withLock { $0 != nil } }
        var failure: PublishFailure? {
            result.withLock { if case .failure(let failure) = $0 { failure } else { nil } }
        }
    }

    @Test func `is accepted when all are`() {
        let ended = Ended()
        let batch = ended.batch(of: 3)
        for index in [2, 0, 1] {
            #expect(!ended.isOver)
            batch.confirm(index, isTaken: true)
        }
        #expect(ended.isOver && ended.failure == nil)
    }

    @Test func `what the server did not take is unconfirmed when the connection is lost`() {
        let ended = Ended()
        let batch = ended.batch(of: 5)
        batch.confirm(0, isTaken: true)
        batch.confirm(1, isTaken: false)
        batch.noteReturn(2, "no queue")
        batch.confirm(2, isTaken: true)
        batch.refuse(3, RabbitMQError(.refused(403), "too large"))
        batch.finish(RabbitMQError(.lost, "gone"))
        #expect(ended.failure?.error.code == .lost)
        #expect(ended.failure?.unconfirmed == [1, 2, 3, 4])
    }

    @Test func `what was not taken is unconfirmed beside what no queue gets`() {
        let ended = Ended()
        let batch = ended.batch(of: 4)
        batch.confirm(0, isTaken: false)
        batch.noteReturn(1, "no queue")
        batch.confirm(1, isTaken: true)
        batch.confirm(2, isTaken: true)
        batch.confirm(3, isTaken: false)
        #expect(ended.failure?.error.code == .refused(312) && ended.failure?.error.message == "no queue")
        #expect(ended.failure?.unconfirmed == [0, 1, 3])
    }

    @Test func `a queue that is full makes it wait`() {
        let ended = Ended()
        let batch = ended.batch(of: 2)
        batch.confirm(1, isTaken: false)
        batch.confirm(0, isTaken: true)
        #expect(ended.failure?.error.code == .blocked)
        #expect(ended.failure?.unconfirmed == [1])
        batch.finish(RabbitMQError(.lost, "later"))
    }
}
