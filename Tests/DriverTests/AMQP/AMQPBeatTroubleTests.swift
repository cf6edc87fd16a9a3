import Brokers
import CeleryAMQP
import CeleryCore
import Fixtures
import Glibc
import Processes
import RabbitMQ
import Synchronization
import Testing
import Wire

/// What only beats at RabbitMQ have to live with.
@Suite(.timeLimit(.minutes(4))) struct AMQPBeatTroubleTests {
    let place = try! AMQPPlace()

    private func beat(_ name: String, _ broker: AMQPBroker? = nil, in beat: String = "celery") async throws -> TestBeat {
        let broker = try broker ?? place.broker()
        let identity = WorkerIdentity(id: TaskID().text, name: name, pid: 4711, process: "")
        return TestBeat(identity: identity, broker: broker, seat: try await broker.seat(in: beat, as: identity))
    }

    private func record(_ handled: Double) -> EntryRecord {
        var record = EntryRecord(name: "a", schedule: "every 30s", since: Timestamp(seconds: 0))
        record.handled = Timestamp(seconds: handled)
        return record
    }

    @Test(arguments: [BeatPromise.oneLeads, .closing, .death, .fencedOff, .nothingForgotten, .latest, .commands, .commandsComeAgain, .brokenRecord])
    func `keeps the promise on quorum queues`(_ promise: BeatPromise) async throws {
        try await promise.check(QuorumBeatFixture.self)
    }

    @Test func `on quorum queues too, looking at the state does not wear it out`() async throws {
        let broker = try place.broker { $0.queueType = .quorum }
        let beat = try await beat("a", broker)
        _ = try await beat.takeTheLead()
        #expect(try place.server.api.expect("GET", "queues/\(place.vhost)/celery.beat.celery").contains(#""type":"quorum""#))
        #expect(try await beat.seat.send([], writing: [record(1)], settling: []))
        await beat.seat.close()
        for _ in 0..<50 { #expect(try await broker.state(of: "celery").records["a"] != nil) }
        await broker.close()
    }

    @Test func `a leader whose connection the server closes is replaced, or leads anew`() async throws {
        let (first, second) = (try await beat("first"), try await beat("second"))
        _ = try await first.takeTheLead()
        #expect(try await first.seat.send([], writing: [record(1)], settling: []))
        #expect(try await second.seat.lead() == nil)
        let seen = Task { await first.seat.waitForChange(until: .now + .seconds(60)) }
        try await aside { try place.server.ask("close_all_connections", "--vhost", place.vhost, "for a test") }
        // It is told.
        await seen.value
        #expect(await first.isFencedOff([Message("1")], [record(2)]))
        #expect(try await second.takeTheLead().records["a"]?.handled.seconds == 1)
        #expect(try await first.seat.lead() == nil)
        #expect(try await second.seat.send([], writing: [record(3)], settling: []))
        await second.seat.close()
        #expect(try await first.takeTheLead().records["a"]?.handled.seconds == 3)
        await first.seat.close()
    }

    @Test(arguments: ["lock", "orders"])
    func `a leader is told when somebody deletes its queue`(_ queue: String) async throws {
        let (first, second) = (try await beat("first"), try await beat("second"))
        _ = try await first.takeTheLead()
        #expect(try await first.seat.send([], writing: [record(1)], settling: []))
        let seen = Task { await first.seat.waitForChange(until: .now + .seconds(60)) }
        if queue == "lock" {
            // The management API, too, asks who owns it.
            try await aside {
                let name = "<<\"\(place.vhost)\">>"
                try place.server.ask(
                    "eval",
                    """
                    {ok, Q} = rabbit_amqqueue:lookup(rabbit_misc:r(\(name), queue, <<"celery.beat.celery.lock">>)), \
                    rabbit_amqqueue:delete(Q, false, false, <<"test">>).
                    """)
            }
        } else {
            try place.server.api.expect("DELETE", "queues/\(place.vhost)/celery.beat.celery.orders")
        }
        await seen.value
        #expect(await first.isFencedOff([], [record(2)]))
        #expect(try await second.takeTheLead().records["a"]?.handled.seconds == 1)
        #expect(try await first.seat.lead() == nil)
        await second.seat.close()
        await first.seat.close()
    }

    @Test func `a deleted state is written again`() async throws {
        let beat = try await beat("first")
        _ = try await beat.takeTheLead()
        #expect(try await beat.seat.send([], writing: [record(1)], settling: []))
        try place.server.api.expect("DELETE", "queues/\(place.vhost)/celery.beat.celery")
        var other = record(2)
        other.name = "b"
        #expect(try await beat.seat.send([], writing: [other], settling: []))
        #expect(try await beat.broker.state(of: "celery").records.keys.sorted() == ["a", "b"])
        await beat.seat.close()
    }

    @Test func `a state that another looks at is waited for, and one that was dropped is given up`() async throws {
        // Patience follows the heartbeat.
        let broker = try place.broker { $0.brokerHeartbeat = 2 }
        let beat = try await beat("first", broker)
        _ = try await beat.takeTheLead()
        #expect(try await beat.seat.send([], writing: [record(1)], settling: []))
        await beat.seat.close()
        let second = try await self.beat("second", broker)
        let hold = Hold()
        let reader = Task {
            try await place.broker().link.ask { (connection, channel) throws(RabbitMQError) in
                let isThere = try connection.get("celery.beat.celery", on: channel) != nil
                _ = eventually { hold.isOver.withLock { $0 } }
                return isThere
            }
        }
        #expect(try await eventually { try await broker.queueState("celery.beat.celery") == 0 })
        let error = await #expect(throws: DriverError.self) { _ = try await second.takeTheLead() }
        #expect(error?.code == .tryAgain)
        #expect(error?.message.hasSuffix("queue 'celery.beat.celery' is empty, or another reader holds the state of beat 'celery'") ?? false)
        hold.isOver.withLock { $0 = true }
        #expect(try await reader.value)
        #expect(try await second.takeTheLead().records["a"]?.handled.seconds == 1)
        await second.seat.close()
        #expect(try await broker.purge(["celery.beat.celery"]) == ["celery.beat.celery": 1])
        let third = try await self.beat("third", broker)
        var state: BeatState?
        let isLeading = try await eventually {
            do { state = try await third.seat.lead() } catch let error as DriverError where error.code == .tryAgain {}
            return state != nil
        }
        #expect(isLeading)
        #expect(state?.records == [:])
        await third.seat.close()
        await broker.close()
    }

    @Test func `what is known to have arrived is not sent again`() async throws {
        let broker = try place.broker { $0.publishTimeout = 5 }
        try place.server.api.expect(
            "PUT", "policies/\(place.vhost)/full",
            body: #"{"pattern": "^full$", "apply-to": "queues", "definition": {"max-length": 1, "overflow": "reject-publish"}}"#)
        let beat = try await beat("a", broker)
        _ = try await beat.takeTheLead()
        let messages = [Message("1"), Message("2", queue: "full"), Message("3", queue: "full"), Message("4")]
        let error = await #expect(throws: DriverError.self) { try await beat.seat.send(messages, writing: [record(1)], settling: []) }
        #expect(error?.code == .tryAgain)
        // It leads on, and nothing was written down.
        #expect(try await beat.seat.lead()?.records == [:])
        try place.server.api.expect("DELETE", "policies/\(place.vhost)/full")
        #expect(try await eventually {
            do { return try await beat.seat.send(messages, writing: [record(1)], settling: []) } catch { return false }
        })
        for (queue, count) in [("celery", 2), ("full", 2)] { #expect(try await broker.queueState(queue) == count) }
        await beat.seat.close()
        await broker.close()
    }

    @Test func `the least rights are enough`() async throws {
        // As rabbit-setup gives them, but for what others than beat need.
        try place.server.api.expect("PUT", "users/beat", body: #"{"password": "secret", "tags": ""}"#)
        try place.server.api.expect(
            "PUT", "permissions/\(place.vhost)/beat",
            body: #"{"configure": "^(celery|celery[.](beat|reply)[.].+)$", "write": "^(amq[.]default|celery)$", "read": "^(celery|celery[.](beat|reply)[.].+)$"}"#)
        let broker = try place.broker([place.url.replacing("celery:celery-secret", with: "beat:secret")])
        let (first, second) = (try await beat("first", broker), try await beat("second", broker))
        _ = try await first.takeTheLead()
        try await broker.tell(.resume(entry: "a"), in: "celery")
        let commands = try await first.commands(1)
        #expect(try await second.seat.lead() == nil)
        #expect(try await first.seat.send([Message("1")], writing: [record(1)], settling: commands.map(\.number)))
        #expect(try await broker.state(of: "celery").leader?.name == "first")
        await first.seat.close()
        #expect(try await second.takeTheLead().records["a"] != nil)
        await second.seat.close()
        await broker.close()
    }

    @Test(arguments: ["x.lock", "x.orders"]) func `a name that is another's queue is refused`(_ name: String) async throws {
        let error = await #expect(throws: DriverError.self) { _ = try await beat("a", in: name) }
        #expect(error?.code == .configuration)
    }

    @Test func `a killed leader is replaced at once`() async throws {
        let second = try await beat("second")
        let probe = try Conversation(BuiltProgram("DriverProbe").spawn(["lead", "amqp", place.url]))
        #expect(try probe.readLine() == "leads")
        #expect(try await second.seat.lead() == nil)
        try probe.process.signal(SIGKILL)
        #expect(try await second.takeTheLead().records["probe"] != nil)
        await second.seat.close()
        _ = try probe.end()
    }

    @Test func `a stopped leader is replaced within seconds, and knows when it goes on`() async throws {
        let second = try await beat("second")
        let probe = try Conversation(BuiltProgram("DriverProbe").spawn(["lead", "amqp", place.url]))
        #expect(try probe.readLine() == "leads")
        #expect(try await second.seat.lead() == nil)
        try probe.process.signal(SIGSTOP)
        let start = ContinuousClock.now
        #expect(try await eventually { try await second.seat.lead() != nil })
        // Two short heartbeats and a look, on a machine that may be busy.
        #expect(.now - start < .seconds(45).onThisMachine)
        #expect(try await second.seat.send([], writing: [record(1)], settling: []))
        try probe.process.signal(SIGCONT)
        #expect(try probe.readLine() == "replaced")
        #expect(try await second.broker.state(of: "celery").records.keys.sorted() == ["a", "probe"])
        try probe.process.signal(SIGKILL)
        await second.seat.close()
        _ = try probe.end()
    }
}

/// How long a reader keeps to itself what it has read.
private final class Hold: Sendable {
    let isOver = Mutex(false)
}

/// A server that dies while beats are connected.
@Suite(.serialized, .timeLimit(.minutes(4))) struct AMQPBeatServerTests {
    @Test(arguments: [QueueDefinition.QueueType.classic, .quorum])
    func `a server goes and comes back, and nothing is lost`(_ type: QueueDefinition.QueueType) async throws {
        let server = try await aside { try RabbitMQServer.start(options: ["--management"]) }
        let place = try await aside { try AMQPPlace(server) }
        let broker = try place.broker { $0.queueType = type }
        let identity = WorkerIdentity(id: TaskID().text, name: "a", pid: 1, process: "")
        let seat = try await broker.seat(in: "celery", as: identity)
        #expect(try await seat.lead() != nil)
        var record = EntryRecord(name: "a", schedule: "", since: Timestamp(seconds: 0))
        record.handled = Timestamp(seconds: 1)
        try await broker.tell(.resume(entry: "a"), in: "celery")
        #expect(try await eventually { try await seat.lead()?.commands.count == 1 })
        #expect(try await seat.send([Message("1")], writing: [record], settling: []))
        // Killed at once, RabbitMQ 3.10 forgets quorum queues that were made in the last moment.
        try await aside {
            if type == .classic { try server.perform("kill") } else { try place.server.ask("stop_app") }
        }
        #expect(try await eventually {
            do { return try await seat.lead() == nil } catch { return error is DriverError }
        })
        #expect(try await seat.send([Message("2")], writing: [record], settling: []) == false)
        try await aside {
            if type == .classic { try server.perform("restart") } else { try place.server.ask("start_app") }
        }
        var state: BeatState?
        #expect(try await eventually(within: .seconds(60)) {
            state = try? await seat.lead()
            return state != nil
        })
        #expect(state?.records["a"]?.handled.seconds == 1)
        #expect(try await eventually { try await seat.lead()?.commands.map(\.command) == [.resume(entry: "a")] })
        let worker = try await broker.worker()
        #expect(try await worker.gather(1).names == ["1"])
        #expect(try await worker.take(1).isEmpty)
        await worker.close()
        await seat.close()
        await broker.close()
        try await aside { try server.perform("stop") }
    }
}

/// The same as `AMQPBrokerFixture`, with quorum queues.
struct QuorumBeatFixture: BeatFixture {
    static let beatPowers = AMQPBrokerFixture.beatPowers
    private let fixture: AMQPBrokerFixture

    init() throws { fixture = try AMQPBrokerFixture() }

    var clock: ManualClock { fixture.clock }

    func openForBeat() throws -> any BeatKeeping {
        var settings = Settings(projectFolder: "/nowhere")
        settings.queueType = .quorum
        return try AMQPBroker([fixture.url], settings: settings, nearETA: .infinity) { [clock] in clock.now }
    }

    func kill(_ beat: TestBeat) async { await fixture.kill(beat) }
    func text(of entry: String, in beat: String) async throws -> String { try await fixture.text(of: entry, in: beat) }
    func spoil(_ entry: String, in beat: String) async throws { try await fixture.spoil(entry, in: beat) }
    func addUnreadableCommand(to beat: String) async throws { try await fixture.addUnreadableCommand(to: beat) }
}

extension AMQPBroker {
    /// How many messages are ready in a queue.
    fileprivate func queueState(_ queue: String) async throws -> Int {
        try await link.ask { (connection, channel) throws(RabbitMQError) in
            try connection.declare(QueueDeclaration(queue), isPassive: true, on: channel).messages
        }
    }
}
