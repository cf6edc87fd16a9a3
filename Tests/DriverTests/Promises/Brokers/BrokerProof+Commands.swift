import CeleryCore
import Fixtures
import Synchronization
import Testing

extension BrokerProof {
    private func revocation(_ target: Revocation.Target, isTerminating: Bool = false) -> Revocation {
        let now = fixture.clock.now
        // Ids tell when they were made by the real clock.
        return Revocation(target, isTerminating: isTerminating, issued: .now, until: now + .seconds(600))
    }

    private func revoke(
        _ broker: any Broker, _ revocations: Revocation...
    ) async throws -> (fates: [TaskID: RevocationReport.Fate], removed: [RemovedMessage]) {
        let removed = Mutex<[RemovedMessage]>([])
        let revoking = try #require(broker as? any Revoking)
        let report = try await revoking.revoke(revocations, ending: ending) { some in removed.withLock { $0 += some } }
        return (report.fates, removed.withLock { $0 })
    }

    private var ending: @Sendable (Message, Int) -> Outcome {
        { message, attempt in
            var result = TaskResult(id: message.id, state: .revoked, failure: .revoked("revoked"))
            result.attempt = attempt
            return Outcome(
                handle: DeliveryHandle(tag: 0, attempt: attempt), results: [result], followUps: [Message("after \(message.task)")])
        }
    }

    private func commands(_ worker: TestWorker) async throws -> StandingCommands {
        try await #require(worker.consumer as? any CommandFollowing).takeCommands()
    }

    func revokesWaiting() async throws {
        let broker = try fixture.connect()
        let later = Message("later", eta: fixture.clock.now + .seconds(60))
        let (ready, stays) = (Message("ready"), Message("stays"))
        try await broker.publish([ready, later, stays])
        let report = try await revoke(broker, revocation(.id(ready.id)), revocation(.id(later.id)))
        #expect(report.fates == [ready.id: .removed, later.id: .removed])
        #expect(report.removed.flatMap(\.outcome.results).map(\.attempt) == [1, 1])
        let worker = try await fixture.worker()
        #expect(try await Set(worker.names(expecting: 3)) == ["stays", "after ready", "after later"])
        fixture.clock.advance(by: .seconds(60))
        #expect(try await worker.names() == [])
        // What is gone need not be remembered.
        #expect(try await commands(worker).revocations == [])
    }

    func revokesByRule() async throws {
        let broker = try fixture.connect()
        var marked = Message("marked")
        marked.headers["batch"] = "7"
        var stamped = Message("stamped")
        stamped.headers["stamps"] = ["batch": ["6", "7"]]
        var other = Message("other")
        other.headers["batch"] = "8"
        try await broker.publish([marked, stamped, other, Message("named"), Message("named")])
        let report = try await revoke(broker, revocation(.header("batch", value: "7")), revocation(.task("named")))
        #expect(Set(report.removed.map(\.outcome.results[0].id)).count == 4)
        #expect(report.fates == [:])
        #expect(try await fixture.worker().names(expecting: 5).filter { !$0.hasPrefix("after") } == ["other"])
    }

    func revokesHeld() async throws {
        let broker = try fixture.connect()
        let held = Message("held")
        try await broker.publish([held])
        let worker = try await fixture.worker()
        #expect(try await commands(worker) == StandingCommands())
        let taken = try await worker.takeAll(expecting: 1)
        let command = revocation(.id(held.id), isTerminating: true)
        #expect(try await revoke(broker, command).fates == [held.id: .held])
        // It is the worker's to end.
        #expect(try await commands(worker).revocations == [command])
        #expect(try await commands(worker).revocations == [])
        #expect(try await worker.consumer.settle(taken.outcomes) == [true])
    }

    func remembersRevocations() async throws {
        let broker = try fixture.connect()
        let first = try await fixture.worker("first")
        _ = try await commands(first)
        let following = try #require(first.consumer as? any CommandFollowing)
        let waiting = Task { try await following.waitForCommands() }
        let commands = [
            revocation(.id(TaskID("not yet submitted"))), revocation(.task("t")), revocation(.header("k", value: "v")),
        ]
        for command in commands { _ = try await revoke(broker, command) }
        try await promptly("the news of a revocation", within: .seconds(30)) { try await waiting.value }
        var known: [Revocation] = []
        while known.count < 3 {
            known += try await self.commands(first).revocations
            if known.count < 3 { try await following.waitForCommands() }
        }
        #expect(known == commands)
        // One that starts later knows them too, until they are over.
        #expect(try await self.commands(fixture.worker("later")).revocations == commands)
        fixture.clock.advance(by: .seconds(601))
        #expect(try await self.commands(fixture.worker("too late")).revocations.filter { $0.until > fixture.clock.now } == [])
    }

    func pausesQueues() async throws {
        let broker = try fixture.connect()
        let pausing = try #require(broker as? any QueuePausing)
        let now = fixture.clock.now
        try await broker.publish([Message("a", queue: "left"), Message("b", queue: "right")])
        let pause = QueuePause(since: now, until: now + .seconds(60), reason: "disk full", by: "me@here")
        try await pausing.pause("left", pause)
        #expect(try await pausing.pausedQueues() == ["left": pause])
        let worker = try await fixture.worker(of: ["left", "right"])
        #expect(try await commands(worker).pauses == ["left": pause])
        #expect(try await worker.names(expecting: 1) == ["b"])
        // Messages are accepted all the same.
        try await broker.publish([Message("c", queue: "left")])
        #expect(try await worker.names() == [])
        try await worker.consumer.waitForWork(until: .now + .milliseconds(50))
        #expect(try await pausing.resume("left"))
        #expect(try await !pausing.resume("left"))
        var names: [String] = []
        #expect(
            try await eventually {
                names += try await worker.names()
                return names.count == 2
            })
        #expect(names == ["a", "c"])
        #expect(try await pausing.pausedQueues() == [:])
    }

    func resumesByItself() async throws {
        let broker = try fixture.connect()
        let pausing = try #require(broker as? any QueuePausing)
        let worker = try await fixture.worker()
        try await pausing.pause("celery", QueuePause(since: fixture.clock.now, until: fixture.clock.now + .seconds(60)))
        #expect(try await eventually { try await commands(worker).pauses.count == 1 })
        try await broker.publish([Message("a")])
        #expect(try await worker.names() == [])
        fixture.clock.advance(by: .seconds(61))
        #expect(try await pausing.pausedQueues() == [:])
        #expect(try await eventually { try await worker.names() == ["a"] })
    }
}
