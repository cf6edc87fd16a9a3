import Fixtures
import Testing

@testable import Brokers

@Suite struct QueueSharesTests {
    @Test func `full queues share by weight`() {
        var shares = QueueShares(weights: ["a": 3])
        #expect(shares.share(8, among: [("a", 8), ("b", 8)]) == [6, 2])
        // One at a time it comes to the same.
        var taken = ["a": 0, "b": 0]
        for _ in 0..<400 {
            let share = shares.share(1, among: [("a", 1), ("b", 1)])
            taken["a"]! += share[0]
            taken["b"]! += share[1]
        }
        #expect(taken == ["a": 300, "b": 100])
    }

    @Test func `what one does not use the others get`() {
        var shares = QueueShares(weights: ["a": 3])
        #expect(shares.share(10, among: [("a", 2), ("b", 100), ("c", 0)]) == [2, 8, 0])
        #expect(shares.share(10, among: [("b", 100)]) == [10])
        #expect(shares.share(10, among: []) == [])
        #expect(shares.share(0, among: [("a", 1)]) == [0])
        #expect(shares.share(5, among: [("a", 1), ("b", 1)]) == [1, 1])
    }

    @Test func `a queue that was empty for long takes part at once, and does not keep the others out`() {
        var shares = QueueShares()
        for _ in 0..<1_000 { _ = shares.share(1, among: [("full", 1), ("rare", 0)]) }
        #expect(shares.share(1, among: [("full", 1), ("rare", 1)]) + shares.share(1, among: [("full", 1), ("rare", 1)]) != [0, 1, 0, 1])
        let share = shares.share(10, among: [("full", 10), ("rare", 10)])
        #expect((4...6).contains(share[1]))
    }

    @Test func `none waits longer than the weights of the others say`() {
        var generator = SeededGenerator(seed: 7)
        var shares = QueueShares(weights: ["a": 5, "b": 2])
        var waited = 0
        for _ in 0..<5_000 {
            let share = shares.share(1, among: [("a", Int.random(in: 0...1, using: &generator)), ("b", 1), ("c", 1)])
            waited = share[2] == 1 ? 0 : waited + 1
            #expect(waited <= 5 + 2 + 1)
        }
    }
}
