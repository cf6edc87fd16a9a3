import CeleryCore
import Fixtures
import Testing

@testable import Brokers

/// The parts of the driver that need no server.
@Suite struct AMQPPartsTests {
    @Test func `acknowledges in any order, never more than is done, never twice`() {
        var generator = SeededGenerator(seed: 17)
        for _ in 0..<300 {
            var line = AcknowledgementQueue()
            let count = UInt64.random(in: 1...60, using: &generator)
            var added: UInt64 = 0
            var open: Set<UInt64> = []
            var acknowledged: Set<UInt64> = []
            while acknowledged.count < count {
                if added < count, open.isEmpty || Bool.random(using: &generator) {
                    added += 1
                    line.add(added)
                    open.insert(added)
                    continue
                }
                let tags = open.sorted().shuffled(using: &generator).prefix(Int.random(in: 1...5, using: &generator))
                open.subtract(tags)
                // Some twice, and some that never came.
                let result = line.settle(tags + tags.prefix(1) + [count + 7])
                if let upTo = result.upTo {
                    #expect(!acknowledged.contains(upTo) && upTo <= added)
                    #expect(open.allSatisfy { $0 > upTo })
                    acknowledged.formUnion(1...upTo)
                }
                for tag in result.singles {
                    #expect(!open.contains(tag))
                    #expect(acknowledged.insert(tag).inserted)
                }
                #expect(acknowledged == Set(1...added).subtracting(open))
            }
        }
    }

    @Test func `an ETA that no ladder reaches waits on its last rung`() throws {
        let broker = try AMQPBroker([ServiceURL("amqp://127.0.0.1:1")], settings: Settings(projectFolder: "/nowhere"))
        for seconds in [1e300, 1e18, .infinity, 1e12] {
            let message = Message("far", eta: Timestamp(seconds: seconds))
            #expect(broker.ladderKey(for: message, now: .now) == String(repeating: "1.", count: 28) + "celery")
        }
        for seconds in [-1e300, -.infinity, .nan, 0] {
            #expect(broker.ladderKey(for: Message("due", eta: Timestamp(seconds: seconds)), now: .now) == nil)
        }
    }

    @Test func `what workers say of themselves cannot be too odd`() {
        let answers: [String: [String: JSON]] = [
            "stats": ["a": ["pid": "x", "uptime": 1e300], "b": ["uptime": -1e300], "c": 7],
            "active": ["a": [["id": "1", "time_start": -1e300], ["id": "2", "time_start": 1e300], 7]], "active_queues": ["a": 7],
            "registered": ["a": ["t [rate_limit=1/s]", 7]],
        ]
        let asked = Timestamp(seconds: 1_700_000_000)
        for name in ["a", "b", "c", "d"] {
            let report = WorkerReport(of: name, answers, asked: asked)
            let times = [report.started] + report.running.map(\.started)
            #expect(times.allSatisfy { (0...253_402_300_799).contains($0.seconds) }, "\(times)")
        }
        let report = WorkerReport(of: "a", answers, asked: asked)
        #expect(report.pid == 0 && report.tasks == ["t"] && report.running.map(\.id.text) == ["1", "2"])
    }

    @Test func `an attempt that somebody made up does no harm`() {
        for (header, retries, isRedelivered, attempt) in [
            (JSON.int(.max), 0, true, Int(Int32.max) + 2), (JSON.int(.min), 0, true, 2), (JSON.string("3"), 4, false, 5),
            (JSON.int(3), 1, false, 4), (JSON.bigInteger("99999999999999999999"), 0, true, 2), (JSON.double(1.5), 0, false, 1),
        ] as [(JSON, Int, Bool, Int)] {
            var message = Message("a")
            message.retries = retries
            message.headers["celery_attempt"] = header
            #expect(AttemptHeader.read(&message, isRedelivered: isRedelivered).attempt == attempt, "\(header)")
            #expect(message.headers["celery_attempt"] == nil)
        }
    }

    @Test func `a quorum queue says how often a message came back`() {
        for (count, isRedelivered, expected) in [
            (JSON.int(4), true, (7, 4)), (JSON.int(4), false, (3, 0)), (JSON.int(0), true, (4, 1)), (JSON.int(-9), true, (4, 1)),
            (JSON.string("4"), true, (4, 1)), (JSON.int(.max), true, (Int(Int32.max) + 3, Int(Int32.max))),
        ] as [(JSON, Bool, (Int, Int))] {
            var message = Message("a")
            message.headers = ["x-delivery-count": count, "celery_attempt": 2, "x": 1]
            let read = AttemptHeader.read(&message, isRedelivered: isRedelivered)
            #expect((read.attempt, read.returns) == expected, "\(count)")
            #expect(message.headers == ["x": 1])
        }
    }
}
