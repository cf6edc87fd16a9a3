import CeleryCore
import Fixtures
import Testing

@testable import Brokers

/// Keeping deliveries back for a while, at a RabbitMQ server.
@Suite(.timeLimit(.minutes(3)))
struct AMQPPostponingTests {
    @Test func `what is postponed comes again at its time, as often tried and crashed as before, and says since when it waits`() async throws {
        let place = try AMQPPlace()
        let broker = try place.broker()
        try await broker.publish([Message("t")])
        let worker = try await broker.worker()
        let first = try await worker.gather(1)
        #expect(first[0].waitsSince == nil)
        try await worker.giveBack(crashed: first.map(\.handle))
        let second = try await worker.gather(1)
        #expect(second.attempts == [2] && second[0].crashes == 1)
        let since = Timestamp(seconds: 1_700_000_000.25)
        let began = ContinuousClock.now
        #expect(try await worker.postpone([Postponement(second[0].handle, until: .now + .seconds(10), since: since)]) == [true])
        // It is with nobody meanwhile.
        #expect(worker.inbox.heldCount == 0)
        let third = try await worker.gather(1)
        #expect(ContinuousClock.now - began > .seconds(9))
        #expect(third[0].waitsSince == since)
        #expect(third.attempts == [2])
        #expect(third[0].crashes == 1 && third[0].doubts == 0)
        #expect(third[0].message.eta == nil)
        #expect(third[0].message.headers["celery_waits_since"] == nil)
        // What is tried again waits anew.
        try await worker.giveBack(third.map(\.handle), started: true)
        let fourth = try await worker.gather(1)
        #expect(fourth[0].waitsSince == nil)
        #expect(fourth.attempts == [3])
        #expect(try await worker.postpone([Postponement(third[0].handle, until: .now, since: since)]) == [false])
        await worker.close()
        await broker.close()
    }

    @Test func `what began with a worker that was lost has another number after it was postponed`() async throws {
        let place = try AMQPPlace()
        let broker = try place.broker()
        try await broker.publish([Message("t")])
        let lost = try await broker.worker()
        #expect(try await lost.gather(1).attempts == [1])
        await lost.die()
        let worker = try await broker.worker()
        for _ in 1...2 {
            let deliveries = try await worker.gather(1)
            #expect(deliveries.attempts == [2])
            _ = try await worker.postpone([Postponement(deliveries[0].handle, until: .now + .seconds(3), since: .now)])
        }
        #expect(try await worker.gather(1).attempts == [2])
        await worker.close()
        await broker.close()
    }

    @Test func `what goes down the ladder again and again is not lost`() async throws {
        let place = try AMQPPlace()
        let broker = try place.broker(nearETA: 0.5)
        let worker = try await broker.worker()
        try await broker.publish([Message("postponed"), Message("retried", eta: .now + .seconds(3))])
        for _ in 1...3 {
            var postponements: [Postponement] = []
            var outcomes: [Outcome] = []
            for delivery in try await worker.gather(2) {
                if delivery.message.task == "postponed" {
                    postponements.append(Postponement(delivery.handle, until: .now + .seconds(3), since: .now))
                } else {
                    #expect(delivery.message.headers.members.allSatisfy { !$0.key.contains("death") })
                    var again = delivery.message.backToItsQueue
                    again.eta = .now + .seconds(3)
                    outcomes.append(Outcome(handle: delivery.handle, results: [], disposition: .retry(again)))
                }
            }
            #expect(try await worker.postpone(postponements) == [true])
            #expect(try await worker.settle(outcomes) == [true])
        }
        #expect(try await worker.gather(2).names.sorted() == ["postponed", "retried"])
        await worker.close()
        await broker.close()
    }

    @Test(arguments: [JSON.string("soon"), .double(.infinity), .null, .array([])])
    func `what somebody else wrote in the header means nothing`(_ value: JSON) {
        var message = Message("t")
        message.headers["celery_waits_since"] = value
        #expect(WaitHeader.read(&message) == nil)
        #expect(message.headers["celery_waits_since"] == nil)
    }
}
