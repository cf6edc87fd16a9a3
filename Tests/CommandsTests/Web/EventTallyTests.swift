import CeleryCore
import Testing

@testable import Commands

/// Metrics of events.
@Suite struct EventTallyTests {
    private func event(_ type: String, _ id: String, at time: Double, from host: String = "celery@a", _ details: JSONObject = [:]) -> Event {
        var all = details
        all["uuid"] = .string(id)
        return Event(type, from: host, pid: 1, clock: 1, at: Timestamp(seconds: time), details: all)
    }

    @Test func `counts what is sent and received, and measures how long it waits`() {
        var tally = EventTally()
        tally.add(event("task-sent", "1", at: 100, from: "gen5@client", ["name": "demo.add", "queue": "images"]))
        tally.add(event("task-received", "1", at: 101, ["name": "demo.add"]))
        #expect(tally.prefetched == [EventTally.Place(worker: "celery@a", task: "demo.add"): 1])
        tally.add(event("task-started", "1", at: 103))
        let key = EventTally.Key(task: "demo.add", host: "a", queue: "images")
        #expect(tally.sent == [EventTally.Key(task: "demo.add", host: "generic", queue: "images"): 1] && tally.received == [key: 1])
        #expect(tally.waits[key]?.count == 1 && tally.waitedSeconds[key] == 3)
        #expect(tally.prefetchTimes == [EventTally.Place(worker: "celery@a", task: "demo.add"): 2])
        tally.add(event("task-succeeded", "1", at: 104))
        #expect(tally.prefetchTimes == [EventTally.Place(worker: "celery@a", task: "demo.add"): 0] && tally.prefetched.values.allSatisfy { $0 == 0 })
    }

    @Test func `a task with an ETA waits from then on, and was not prefetched`() {
        var tally = EventTally()
        tally.add(event("task-sent", "1", at: 100, ["name": "t", "queue": "q", "eta": "1970-01-01T00:10:00+00:00"]))
        tally.add(event("task-received", "1", at: 101, ["name": "t"]))
        tally.add(event("task-started", "1", at: 602))
        #expect(tally.waitedSeconds.values.first == 2 && tally.prefetchTimes.isEmpty)
    }

    @Test func `a rejected task counts, and what comes again is measured again`() {
        var tally = EventTally()
        tally.add(event("task-received", "1", at: 1, ["name": "t"]))
        tally.add(event("task-rejected", "1", at: 2))
        #expect(tally.rejected == [EventTally.Key(task: "t", host: "a", queue: "celery"): 1])
        tally.add(event("task-received", "1", at: 3, ["name": "t"]))
        tally.add(event("task-started", "1", at: 3.5))
        #expect(tally.received.values.first == 2 && tally.prefetchTimes.values.first == 0.5)
    }

    @Test func `strangers' events make no more series than there may be`() {
        var tally = EventTally()
        for number in 0..<1_000 {
            tally.add(event("task-sent", "\(number)", at: 1, from: "gen\(number)@h\(number)", ["name": .string("t\(number)"), "queue": .string("q\(number)")]))
            tally.add(event("worker-online", "\(number)", at: 1))
            tally.add(event("task-received", "x\(number)", at: 1, from: "w\(number)@\(number)", ["name": 5]))
        }
        #expect(Set(tally.sent.keys.map(\.task)).count == 201 && Set(tally.sent.keys.map(\.queue)).count <= 101)
        #expect(Set(tally.received.keys.map(\.host)).count <= 101 && tally.sent.values.reduce(0, +) == 1_000)
    }
}
