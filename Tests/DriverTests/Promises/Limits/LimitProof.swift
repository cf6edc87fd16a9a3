import CeleryCore
import Fixtures
import Testing

/// The proofs, on one fixture.
struct LimitProof {
    let fixture: any LimitFixture

    func slots() async throws {
        let worker = try await fixture.worker("a")
        try await worker.send(10, TaskLimit(task: "t", slots: 3))
        var running = try await worker.begin()
        #expect(running == [0, 1, 2])
        #expect(try await worker.begin().isEmpty)
        var order = running
        while let first = running.first {
            running.removeFirst()
            try await worker.end([first])
            let next = try await worker.begin()
            #expect(next.count <= 1 && running.count + next.count <= 3)
            running += next
            order += next
        }
        #expect(order == Array(0..<10))
    }

    func keys() async throws {
        let worker = try await fixture.worker("a")
        try await worker.send((0..<9).map { TaskLimit(task: "t", slots: 2, key: "\($0 % 3)") })
        #expect(try await worker.begin().sorted() == Array(0..<6))
        try await worker.end([1])
        #expect(try await worker.begin() == [7])
    }

    func tasks() async throws {
        let worker = try await fixture.worker("a")
        try await worker.send(["t", "u", "t", "u"].map { TaskLimit(task: $0, slots: 1) })
        #expect(try await worker.begin().sorted() == [0, 1])
        try await worker.end([1])
        #expect(try await worker.begin() == [3])
    }

    func slotsOfAll() async throws {
        let (first, second) = (try await fixture.worker("a"), try await fixture.worker("b"))
        let limit = TaskLimit(task: "t", slots: 2)
        try await first.send(3, limit)
        try await second.send(2, limit)
        #expect(try await first.begin() == [0, 1])
        #expect(try await second.begin().isEmpty)
        try await first.end([0])
        // Whoever asks has it; nobody else then.
        let begun = (try await second.begin(), try await first.begin())
        #expect(begun.0.count + begun.1.count == 1)
    }

    func ownSlots() async throws {
        let (first, second) = (try await fixture.worker("a"), try await fixture.worker("b"))
        let limit = TaskLimit(task: "t", slots: 1)
        try await first.send(1, limit)
        #expect(try await first.begin() == [0])
        try await second.send(1, limit)
        #expect(try await second.begin().isEmpty)
        // A number that it never began.
        try await second.end([0])
        #expect(try await second.begin().isEmpty)
    }

    func deadWorker() async throws {
        let (gone, alive, new) = (try await fixture.worker("gone"), try await fixture.worker("alive"), try await fixture.worker("new"))
        let limit = TaskLimit(task: "t", slots: 2)
        try await gone.send(1, limit)
        try await alive.send(1, limit)
        #expect(try await gone.begin() == [0])
        #expect(try await alive.begin() == [0])
        try await new.send(2, limit)
        #expect(try await new.begin().isEmpty)
        try await fixture.lookAfterTheDead(gone, alive)
        #expect(try await new.begin() == [0])
        #expect(try await new.begin().isEmpty)
    }

    func leavesAll() async throws {
        let first = try await fixture.worker("a")
        let limit = TaskLimit(task: "t", slots: 2)
        try await first.send(2, limit)
        #expect(try await first.begin() == [0, 1])
        try await first.leave()
        let second = try await fixture.worker("b")
        try await second.send(2, limit)
        #expect(try await second.begin() == [0, 1])
    }

    func anyOrder() async throws {
        for seed: UInt64 in 1...3 {
            var generator = SeededGenerator(seed: seed)
            let worker = try await fixture.worker("w\(seed)")
            func limit(_ number: Int) -> TaskLimit { TaskLimit(task: "t\(seed)", slots: 2, key: "\(number % 4)") }
            let total = 60
            var (sent, steps) = (0, 0)
            var running: [Int] = []
            var done: Set<Int> = []
            while done.count < total, steps < 3_000 {
                steps += 1
                switch Int.random(in: 0..<3, using: &generator) {
                case 0 where sent < total:
                    let more = min(total - sent, Int.random(in: 1...20, using: &generator))
                    try await worker.send((sent..<(sent + more)).map(limit))
                    sent += more
                case 1: running += try await worker.begin()
                default:
                    guard let index = running.indices.randomElement(using: &generator) else { continue }
                    let number = running.remove(at: index)
                    try await worker.end([number])
                    #expect(done.insert(number).inserted)
                }
                #expect(Dictionary(grouping: running) { $0 % 4 }.values.allSatisfy { $0.count <= 2 })
            }
            #expect(done.count == total)
        }
    }

    // MARK: Rates

    func rate() async throws {
        let worker = try await fixture.worker("a")
        try await worker.send(4, TaskLimit(task: "t", rate: RateLimit("6/m")))
        #expect(try await worker.begin() == [0])
        #expect(try await worker.begin().isEmpty)
        fixture.clock.advance(by: .seconds(9))
        #expect(try await worker.begin().isEmpty)
        fixture.clock.advance(by: .seconds(1.01))
        #expect(try await worker.begin() == [1])
        fixture.clock.advance(by: .seconds(50))
        #expect(try await worker.begin() == [2])
        #expect(try await worker.begin().isEmpty)
    }

    func rateOfKeys() async throws {
        let worker = try await fixture.worker("a")
        let rate = try #require(RateLimit("6/m"))
        try await worker.send(["x", "y", "z"].map { TaskLimit(task: "t", rate: rate, slots: 1, key: $0) })
        #expect(try await worker.begin() == [0])
        fixture.clock.advance(by: .seconds(10.01))
        #expect(try await worker.begin().count == 1)
        #expect(try await worker.begin().isEmpty)
    }

    func newRate() async throws {
        let worker = try await fixture.worker("a")
        try await worker.send(3, TaskLimit(task: "t", rate: RateLimit("1/h")))
        #expect(try await worker.begin() == [0])
        #expect(try await worker.begin().isEmpty)
        fixture.clock.advance(by: .seconds(5))
        try await worker.setRate(RateLimit("1/s"), of: "t")
        #expect(try await worker.begin() == [1])
        #expect(try await worker.begin().isEmpty)
    }

    func rateGone() async throws {
        let worker = try await fixture.worker("a")
        try await worker.send(3, TaskLimit(task: "t", rate: RateLimit("1/h")))
        #expect(try await worker.begin() == [0])
        #expect(try await worker.begin().isEmpty)
        try await worker.setRate(nil, of: "t")
        #expect(try await worker.begin() == [1, 2])
    }

    func rateOfAll() async throws {
        let (first, second) = (try await fixture.worker("a"), try await fixture.worker("b"))
        let limit = TaskLimit(task: "t", rate: RateLimit("6/m"))
        try await first.send(2, limit)
        try await second.send(2, limit)
        #expect(try await first.begin() == [0])
        #expect(try await second.begin().isEmpty)
        fixture.clock.advance(by: .seconds(10.01))
        let begun = (try await second.begin(), try await first.begin())
        #expect(begun.0.count + begun.1.count == 1)
    }

    // MARK: Both

    func both() async throws {
        let worker = try await fixture.worker("a")
        try await worker.send(3, TaskLimit(task: "t", rate: RateLimit("6/m"), slots: 1))
        #expect(try await worker.begin() == [0])
        // Its turn comes, and there is no slot.
        fixture.clock.advance(by: .seconds(20))
        #expect(try await worker.begin().isEmpty)
        try await worker.end([0])
        #expect(try await worker.begin() == [1])
        // Its end brings a slot and no turn.
        try await worker.end([1])
        #expect(try await worker.begin().isEmpty)
        fixture.clock.advance(by: .seconds(10.01))
        #expect(try await worker.begin() == [2])
    }

    func expires() async throws {
        let worker = try await fixture.worker("a")
        let rate = try #require(RateLimit("6/m"))
        var limits = Array(repeating: TaskLimit(task: "t", rate: rate, slots: 1), count: 3)
        limits[1].expires = fixture.clock.now + .seconds(5)
        try await worker.send(limits)
        #expect(try await worker.begin() == [0])
        fixture.clock.advance(by: .seconds(5.5))
        #expect(try await worker.begin() == [1])
        #expect(try await worker.begin().isEmpty)
        try await worker.end([1])
        try await worker.end([0])
        // The turn after the first one's is the third one's.
        #expect(try await worker.begin().isEmpty)
        fixture.clock.advance(by: .seconds(5))
        #expect(try await worker.begin() == [2])
    }
}
