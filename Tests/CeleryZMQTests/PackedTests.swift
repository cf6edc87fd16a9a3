import CeleryCore
import Fixtures
import Testing
import Wire

@testable import CeleryZMQ

@Suite struct PackedTests {
    private func trip<Value: Packed>(_ value: Value) throws -> Value { try Unpacker.value(Value.self, of: Packer.bytes(of: value)) }

    /// As a broker hands it over: what is told twice in the wire's form is told once.
    private let message: Message

    init() throws {
        var message = Message(id: TaskID("a"), task: "t", body: MessageBody(bytes: Array("[[\"☃\"], {}, {}]".utf8)))
        (message.eta, message.priority, message.retries) = (Timestamp(seconds: 1_800_000_000.25), 7, 2)
        message.headers["snow"] = "☃"
        message.route = Route(queue: "q ☃", exchange: "x", routingKey: "k")
        self.message = try EncodedMessage(message).message()
    }

    @Test(arguments: [Int64.min, -65, -64, -1, 0, 1, 63, 64, 127, 128, 1 << 40, .max])
    func `carries every number`(_ number: Int64) throws { #expect(try trip(number) == number) }

    @Test func `carries texts, lists, dictionaries and what is not there`() throws {
        #expect(try trip("") == "" && trip("☃\0\n") == "☃\0\n")
        #expect(try trip([String?]([nil, "", "a"])) == [nil, "", "a"])
        #expect(try trip(["a": [1, 2], "b": []]) == ["a": [1, 2], "b": []])
        #expect(try trip(Set(["a", "b"])) == ["a", "b"])
        #expect(try trip(Duration.milliseconds(1_500)) == .milliseconds(1_500))
        #expect(try trip(JSON.array([1, 2.5, nil, ["k": "v"]])) == [1, 2.5, nil, ["k": "v"]])
    }

    @Test func `carries a message as it is`() throws { #expect(try trip(message) == message) }

    @Test func `carries a delivery, and what is left of an unreadable one`() throws {
        var delivery = Delivery(handle: DeliveryHandle(tag: 9, attempt: 3), message: message)
        (delivery.crashes, delivery.doubts, delivery.waitsSince) = (1, 2, Timestamp(seconds: 5))
        let carried = try trip(delivery)
        #expect(carried.message == delivery.message && carried.handle == delivery.handle && carried.encoded != nil)
        #expect(carried.crashes == 1 && carried.doubts == 2 && carried.waitsSince == delivery.waitsSince)
        delivery.message = Message(id: TaskID("b"), task: "", body: MessageBody(bytes: [1]))
        delivery.message.route.queue = "q"
        delivery.defect = Delivery.Defect("no task", hasID: true)
        let broken = try trip(delivery)
        #expect(broken.defect == delivery.defect && broken.message.id == TaskID("b") && broken.message.route.queue == "q")
    }

    @Test func `carries an outcome with all that is settled with it`() throws {
        var result = TaskResult(id: TaskID("a"), state: .custom("PROGRESS"), value: ["n": 1], failure: TaskFailure(type: "E", arguments: ["x", 1]))
        (result.traceback, result.children, result.dateDone, result.groupID, result.parentID) = ("tb", ["c"], Timestamp(seconds: 3), "g", TaskID("p"))
        (result.task, result.worker, result.queue, result.retries, result.attempt, result.crashes) = ("t", "w", "q", 4, 5, 6)
        (result.errorOutput, result.replyTo, result.isIgnored, result.standardOutput) = ("err", "r", true, "out")
        (result.meta, result.dateStarted, result.submitted, result.request) = (["m": 1], Timestamp(seconds: 1), Timestamp(seconds: 2), message)
        var outcome = Outcome(handle: DeliveryHandle(tag: 1, attempt: 1), results: [result], followUps: [message], disposition: .retry(message))
        outcome.output = AttemptOutput(id: TaskID("a"), attempt: 1, isFinal: true, content: [1, 2])
        outcome.keepsSlot = true
        let carried = try trip(outcome)
        #expect(carried.results == [result] && carried.followUps == [message] && carried.disposition == .retry(message))
        #expect(carried.output == outcome.output && carried.keepsSlot && carried.handle == outcome.handle)
        let burial = Burial(.signal(11), error: "E: x", date: Timestamp(seconds: 4), worker: "w", attempts: 3, crashes: 2)
        outcome.disposition = .bury(message, burial)
        #expect(try trip(outcome).disposition == outcome.disposition)
    }

    @Test func `carries errors with what they say of messages`() throws {
        var error = DriverError(.alreadyThere, "taken", hint: "another", unconfirmed: [TaskID("a")], subject: TaskID("a"))
        error.isAboutRequest = false
        #expect(try trip(error) == error)
    }

    @Test func `carries filters, standings and commands`() throws {
        var filter = TaskFilter()
        (filter.phases, filter.task, filter.since) = ([.queued, .failure], "a.*", Timestamp(seconds: 1))
        #expect(try trip(filter) == filter)
        var letters = DeadLetterFilter()
        (letters.keys, letters.reason) = (["k"], "lost")
        #expect(try trip(letters) == letters)
        var commands = StandingCommands()
        commands.revocations = [Revocation(.header("h", value: "v"), isTerminating: true, signal: "KILL", issued: Timestamp(seconds: 1), until: Timestamp(seconds: 2))]
        commands.pauses = ["q": QueuePause(since: Timestamp(seconds: 1), reason: "why")]
        #expect(try trip(commands) == commands)
        let limit = TaskLimit(task: "t", rate: RateLimit(10, per: .minute), slots: 2, key: "k", expires: Timestamp(seconds: 9))
        #expect(try trip(limit) == limit)
    }

    @Test func `refuses numbers that nobody could calculate with`() {
        for bits in [Double.nan.bitPattern, Double.infinity.bitPattern] {
            let bytes = (0..<8).map { UInt8(truncatingIfNeeded: bits >> UInt64(8 * $0)) }
            #expect(throws: UnpackError.self) { try Unpacker.value(Double.self, of: bytes) }
        }
        #expect(throws: UnpackError.self) { try trip(Timestamp(seconds: 1e13)) }
        #expect(throws: UnpackError.self) { try trip(DeliveryHandle(tag: 1, attempt: -1)) }
        #expect(throws: UnpackError.self) { try trip(DeliveryHandle(tag: 1, attempt: .max)) }
        #expect(throws: UnpackError.self) { try trip(TaskLimit(task: "t", slots: .max)) }
    }

    @Test func `refuses lengths beyond its end, and bytes after it`() {
        for bytes: [UInt8] in [[], [5, 65], [255, 255, 255, 255, 255, 255, 255, 255, 255, 1], [1, 65, 0], [2, 0xC3, 0x28]] {
            #expect(throws: UnpackError.self, "\(bytes)") { try Unpacker.value(String.self, of: bytes) }
        }
        #expect(throws: UnpackError.self) { try Unpacker.value([Nothing].self, of: [255, 255, 255, 127]) }
        #expect(throws: UnpackError.self) { try Unpacker.value(Int64.self, of: Array(repeating: 255, count: 10)) }
    }
}
