import CeleryCore
import Fixtures
import Testing

extension BeatProof {
    func sends() async throws {
        let beat = try await fixture.beat("a")
        _ = try await beat.takeTheLead()
        #expect(try await beat.seat.send([Message("1"), Message("2", queue: "b")], writing: [record("a", handled: 1)], settling: []))
        #expect(try await beat.seat.send([Message("3")], writing: [], settling: []))
        #expect(try await names(3, expecting: 2) == ["1", "3"])
        #expect(try await names(2, expecting: 1, queue: "b") == ["2"])
        #expect(try await beat.broker.state(of: "celery").records.count == 1)
        await beat.seat.close()
    }

    func sendsOnce() async throws {
        let (first, second) = (try await fixture.beat("first"), try await fixture.beat("second"))
        _ = try await first.takeTheLead()
        let messages = [Message("1"), Message("2")]
        #expect(try await first.seat.send(messages, writing: [], settling: []))
        // It does not know whether it was done.
        #expect(try await first.seat.send(messages + [Message("3")], writing: [record("a", handled: 1)], settling: []))
        #expect(try await second.seat.lead() == nil)
        await fixture.kill(first)
        #expect(try await second.takeTheLead().records.count == 1)
        #expect(try await second.seat.send([messages[1], Message("4")], writing: [], settling: []))
        #expect(try await names(9, expecting: 4) == ["1", "2", "3", "4"])
        await second.seat.close()
    }

    func commands() async throws {
        let beat = try await fixture.beat("a")
        _ = try await beat.takeTheLead()
        let commands: [LeaderCommand] = [
            .pause(entry: "a", EntryPause(since: Timestamp(seconds: 1), until: Timestamp(seconds: 2), reason: "ü")),
            .resume(entry: "b"), .pause(entry: "", EntryPause(since: Timestamp(seconds: 3))),
        ]
        for command in commands { try await beat.broker.tell(command, in: "celery") }
        let arrived = try await beat.commands(3)
        #expect(arrived.map(\.command) == commands)
        #expect(Set(arrived.map(\.number)).count == 3)
        #expect(try await beat.seat.send([], writing: [record("b", handled: 1)], settling: [arrived[1].number]))
        #expect(try await beat.seat.lead()?.commands.map(\.command) == [commands[0], commands[2]])
        // Settling what is settled does no harm.
        #expect(try await beat.seat.send([], writing: [], settling: arrived.map(\.number)))
        #expect(try await beat.seat.lead()?.commands.isEmpty ?? false)
        try await beat.broker.tell(commands[1], in: "celery")
        let last = try await beat.commands(1)
        #expect(!arrived.map(\.number).contains(last[0].number))
        #expect(try await beat.seat.send([], writing: [], settling: last.map(\.number)))
        await beat.seat.close()
        let next = try await fixture.beat("b")
        #expect(try await next.takeTheLead().commands.isEmpty)
        await next.seat.close()
    }

    func commandWakes() async throws {
        let beat = try await fixture.beat("a")
        _ = try await beat.takeTheLead()
        for _ in 0..<3 {
            let wake = ContinuousClock.now + .seconds(60)
            let wait = Task {
                while .now < wake, try await beat.seat.lead()?.commands.isEmpty ?? true { await beat.seat.waitForChange(until: wake) }
            }
            try await beat.broker.tell(.resume(entry: "a"), in: "celery")
            try await wait.value
            #expect(.now < wake)
            let commands = try await beat.commands(1)
            #expect(try await beat.seat.send([], writing: [], settling: commands.map(\.number)))
        }
        await beat.seat.close()
    }

    func commandsWait() async throws {
        let broker = try fixture.openForBeat()
        try await broker.tell(.resume(entry: "1"), in: "celery")
        let first = try await fixture.beat("first")
        let commands = try await first.takeTheLead().commands
        #expect(commands.map(\.command.entry) == ["1"])
        #expect(try await first.seat.send([], writing: [], settling: commands.map(\.number)))
        await first.seat.close()
        for number in 2...4 { try await broker.tell(.resume(entry: "\(number)"), in: "celery") }
        await broker.close()
        let second = try await fixture.beat("second")
        #expect(try await second.takeTheLead().commands.map(\.command.entry) == ["2", "3", "4"])
        await second.seat.close()
    }

    func commandsComeAgain() async throws {
        let (first, second) = (try await fixture.beat("first"), try await fixture.beat("second"))
        _ = try await first.takeTheLead()
        #expect(try await second.seat.lead() == nil)
        for number in 1...3 { try await first.broker.tell(.resume(entry: "\(number)"), in: "celery") }
        let commands = try await first.commands(3)
        #expect(try await first.seat.send([], writing: [], settling: [commands[0].number]))
        #expect(try await second.seat.lead() == nil)
        await fixture.kill(first)
        _ = try await second.takeTheLead()
        #expect(try await second.commands(2).map(\.command.entry) == ["2", "3"])
        // By closing, too.
        await second.seat.close()
        let third = try await fixture.beat("third")
        _ = try await third.takeTheLead()
        let rest = try await third.commands(2)
        #expect(rest.map(\.command.entry) == ["2", "3"])
        #expect(try await third.seat.send([], writing: [], settling: rest.map(\.number)))
        await third.seat.close()
    }

    func brokenCommand() async throws {
        let beat = try await fixture.beat("a")
        try await beat.broker.tell(.resume(entry: "1"), in: "celery")
        try await fixture.addUnreadableCommand(to: "celery")
        for _ in 0..<2 {
            let error = await #expect(throws: DriverError.self) { _ = try await beat.takeTheLead() }
            #expect(error?.code == .unusable)
            #expect(error?.message.contains("cannot read") ?? false, "\(error as Any)")
            #expect(error?.hint != nil)
        }
        await beat.seat.close()
    }

    func waitEnds() async throws {
        let (first, second) = (try await fixture.beat("first"), try await fixture.beat("second"))
        _ = try await first.takeTheLead()
        #expect(try await second.seat.lead() == nil)
        for beat in [first, second] {
            try await promptly("the deadline") {
                let deadline = ContinuousClock.now + .milliseconds(30)
                while .now < deadline { await beat.seat.waitForChange(until: deadline) }
            }
            let wait = Task {
                while !Task.isCancelled { await beat.seat.waitForChange(until: .now + .seconds(600)) }
            }
            wait.cancel()
            try await promptly("the end of a cancelled wait") { await wait.value }
        }
        await first.seat.close()
        await second.seat.close()
    }
}
