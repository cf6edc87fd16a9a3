import CeleryCore
import Testing

@testable import Worker

/// Limits of one worker by itself.
@Suite struct WorkerLimitsTests {
    private typealias LineName = WorkerLimits.LineName

    private func at(_ seconds: Double) -> Timestamp { Timestamp(seconds: 1e9 + seconds) }

    private func delivery(_ tag: Int64, id: TaskID = TaskID()) -> Delivery {
        Delivery(
            handle: DeliveryHandle(tag: tag, attempt: 1), message: Message(id: id, task: "t", body: MessageBody(bytes: [])))
    }

    private func asked(_ tags: ClosedRange<Int64>, _ limit: TaskLimit) -> [(delivery: Delivery, limit: TaskLimit)] {
        tags.map { (delivery($0), limit) }
    }

    @Test func `lets as many begin as there are slots, and the next when one comes free`() {
        var limits = WorkerLimits()
        let limit = TaskLimit(task: "t", slots: 2)
        var running: [LineName: Int] = [:]
        let first = limits.admit(asked(1...5, limit), &running, canPostpone: false, now: at(0))
        #expect(first.begin.map(\.handle.tag) == [1, 2])
        #expect(limits.count == 3)
        var full = running
        #expect(limits.release(10, &full, canPostpone: false, now: at(1)).begin.isEmpty)
        running[LineName(limit)] = 1
        #expect(limits.release(10, &running, canPostpone: false, now: at(1)).begin.map(\.handle.tag) == [3])
        // One that comes later stands behind those that wait.
        running[LineName(limit)] = 1
        #expect(limits.admit(asked(6...6, limit), &running, canPostpone: false, now: at(1)).begin.isEmpty)
        running[LineName(limit)] = 0
        #expect(limits.release(10, &running, canPostpone: false, now: at(1)).begin.map(\.handle.tag) == [4, 5])
        #expect(limits.pop { _ in true }.map(\.handle.tag) == [6])
        #expect(limits.count == 0)
    }

    @Test func `keys have slots of their own, and one rate`() throws {
        var limits = WorkerLimits()
        var running: [LineName: Int] = [:]
        let slots = ["a", "b"].flatMap { asked(1...3, TaskLimit(task: "t", slots: 1, key: $0)) }
        #expect(limits.admit(slots, &running, canPostpone: false, now: at(0)).begin.count == 2)
        let rate = try #require(RateLimit("1/s"))
        let rated = ["a", "b"].flatMap { asked(1...1, TaskLimit(task: "u", rate: rate, slots: 1, key: $0)) }
        #expect(limits.admit(rated, &running, canPostpone: false, now: at(0)).begin.count == 1)
    }

    @Test func `a rate lets one begin at a time, and says when to look again`() throws {
        var limits = WorkerLimits()
        var running: [LineName: Int] = [:]
        let limit = TaskLimit(task: "t", rate: RateLimit("1/s"))
        #expect(limits.admit(asked(1...3, limit), &running, canPostpone: true, now: at(0)).begin.count == 1)
        let look = try #require(limits.nextLook(running, now: at(0)))
        #expect(abs(look.seconds - at(1).seconds) < 0.1)
        #expect(limits.release(10, &running, canPostpone: true, now: at(0.5)).begin.isEmpty)
        #expect(limits.release(10, &running, canPostpone: true, now: at(1)).begin.map(\.handle.tag) == [2])
        limits.setRate(nil, of: "t")
        #expect(limits.release(10, &running, canPostpone: true, now: at(1)).begin.map(\.handle.tag) == [3])
    }

    @Test func `what would wait long is postponed, and comes by every twenty seconds`() throws {
        var limits = WorkerLimits()
        var running: [LineName: Int] = [:]
        let limit = TaskLimit(task: "t", rate: RateLimit("5/h"))
        let decision = limits.admit(asked(1...10_001, limit), &running, canPostpone: true, now: at(0))
        #expect(decision.begin.count == 1)
        #expect(decision.postpone.count == 10_000)
        let times = decision.postpone.map { $0.until.seconds - at(0).seconds }
        #expect(decision.postpone.allSatisfy { $0.since == at(0) })
        // In order, and never so many at once that nothing else is done.
        #expect(zip(times, times.dropFirst()).allSatisfy { $0 < $1 })
        #expect(times[0] == 20)
        #expect(times[200] < 21.1 && times[9_999] > 60 && times[9_999] < 80)
        #expect(limits.count == 0)
    }

    @Test func `what may begin soon and has no room comes again then`() throws {
        var limits = WorkerLimits()
        var running: [LineName: Int] = [:]
        let limit = TaskLimit(task: "t", rate: RateLimit("40/s"))
        let decision = limits.admit(asked(1...301, limit), &running, canPostpone: true, now: at(0))
        #expect(limits.count == WorkerLimits.room)
        let times = decision.postpone.map { $0.until.seconds - at(0).seconds }
        #expect(decision.begin.count + times.count == 101)
        #expect(times.allSatisfy { $0 > 4.9 && $0 < 8 })
    }

    @Test func `whoever has waited longest begins first, whoever came by last`() throws {
        var limits = WorkerLimits()
        var running: [LineName: Int] = [:]
        let limit = TaskLimit(task: "t", rate: RateLimit("1/h"))
        #expect(limits.admit(asked(1...1, limit), &running, canPostpone: true, now: at(0)).begin.count == 1)
        #expect(limits.admit(asked(2...2, limit), &running, canPostpone: true, now: at(3_550)).postpone.isEmpty)
        var old = delivery(3)
        old.waitsSince = at(10)
        let decision = limits.admit([(old, limit)], &running, canPostpone: true, now: at(3_560))
        #expect(decision.postpone.map(\.handle.tag) == [2])
        #expect(decision.postpone.map(\.since) == [at(3_550)])
        // One that is younger than both does not get by.
        var young = delivery(4)
        young.waitsSince = at(20)
        #expect(limits.admit([(young, limit)], &running, canPostpone: true, now: at(3_570)).postpone.map(\.handle.tag) == [4])
        #expect(limits.release(10, &running, canPostpone: true, now: at(3_600)).begin.map(\.handle.tag) == [3])
        #expect(limits.count == 0)
    }

    @Test func `whoever finds no slot with others stands first again, with its token, and is held no longer for that`() throws {
        var limits = WorkerLimits()
        let limit = TaskLimit(task: "t", rate: RateLimit("1/s"), slots: 1)
        var running: [LineName: Int] = [:]
        let first = limits.admit(asked(1...2, limit), &running, canPostpone: true, now: at(0))
        #expect(first.begin.map(\.handle.tag) == [1])
        limits.putBack(first.begin.map { ($0, limit) }, until: at(0.5), now: at(0))
        running = [:]
        #expect(limits.release(10, &running, canPostpone: true, now: at(0.4)).begin.isEmpty)
        let look = try #require(limits.nextLook(running, now: at(0.4)))
        #expect(look == at(0.5))
        for step in 1...119 {
            running = [:]
            let again = limits.release(10, &running, canPostpone: true, now: at(Double(step) / 2))
            #expect(again.begin.map(\.handle.tag) == [1])
            limits.putBack(again.begin.map { ($0, limit) }, until: at(Double(step + 1) / 2), now: at(Double(step) / 2))
        }
        running = [LineName(limit): 1]
        #expect(limits.release(10, &running, canPostpone: true, now: at(60.5)).postpone.map(\.handle.tag) == [1, 2])
        // One that left frees the line before the next look.
        running = [:]
        let third = limits.admit(asked(3...3, limit), &running, canPostpone: true, now: at(70))
        limits.putBack(third.begin.map { ($0, limit) }, until: at(70.5), now: at(70))
        limits.noteSlotLeft()
        running = [:]
        #expect(limits.release(10, &running, canPostpone: true, now: at(70.1)).begin.map(\.handle.tag) == [3])
    }

    @Test func `what expires while it waits comes back then, or is looked at then`() throws {
        var limits = WorkerLimits()
        var running: [LineName: Int] = [:]
        let limit = TaskLimit(task: "t", rate: RateLimit("1/h"))
        var mortal = delivery(2)
        mortal.message.expires = at(7)
        let decision = limits.admit([(delivery(1), limit), (mortal, limit)], &running, canPostpone: true, now: at(0))
        #expect(decision.postpone.map(\.until) == [at(7)])
        _ = limits.admit([(mortal, limit)], &running, canPostpone: false, now: at(0))
        let look = try #require(limits.nextLook(running, now: at(0)))
        #expect(look > at(7) && look < at(7.1))
    }

    @Test func `holds no more than it has room for, and nothing for longer than a minute`() {
        var limits = WorkerLimits()
        var running: [LineName: Int] = [:]
        let limit = TaskLimit(task: "t", slots: 1)
        let decision = limits.admit(asked(1...1_000, limit), &running, canPostpone: true, now: at(0))
        #expect(limits.count == WorkerLimits.room)
        #expect(decision.postpone.count == 1_000 - 1 - WorkerLimits.room)
        #expect(limits.release(10, &running, canPostpone: true, now: at(30)).postpone.isEmpty)
        #expect(limits.release(10, &running, canPostpone: true, now: at(61)).postpone.count == WorkerLimits.room)
        #expect(limits.count == 0)
        #expect(limits.nextLook(running, now: at(61)) == nil)
    }

    @Test func `what comes again while it is held is held once`() {
        var limits = WorkerLimits()
        let limit = TaskLimit(task: "t", slots: 1)
        var running = [LineName(limit): 1]
        let id = TaskID()
        for tag: Int64 in [1, 2] {
            _ = limits.admit([(delivery(tag, id: id), limit)], &running, canPostpone: false, now: at(0))
        }
        #expect(limits.pop { _ in true }.map(\.handle.tag) == [2])
    }
}
