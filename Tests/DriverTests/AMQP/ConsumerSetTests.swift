import Fixtures
import Testing

@testable import Brokers

/// A prefetch count for all queues, at a server that has one for each consumer.
@Suite struct ConsumerSetTests {
    /// A server with that many messages in its queues, and what it has sent.
    private struct Server {
        var set: ConsumerSet
        var waiting: [Int]
        /// All that were ever made, and what each holds.
        var live: [ConsumerSet.Consumer] = []
        var sent: [(tag: UInt64, consumer: String, queue: Int)] = []
        var calls = 0
        private var lastTag: UInt64 = 0

        init(_ waiting: [Int], weights: [Int: Int] = [:]) {
            set = ConsumerSet(queueCount: waiting.count)
            set.weights = weights
            self.waiting = waiting
            live = set.begin()
            push()
        }

        /// Sends what the counts allow.
        mutating func push() {
            for consumer in live {
                while waiting[consumer.queue] > 0, sent.count(where: { $0.consumer == consumer.tag }) < consumer.limit {
                    waiting[consumer.queue] -= 1
                    lastTag += 1
                    sent.append((lastTag, consumer.tag, consumer.queue))
                    set.delivered(lastTag, to: consumer.tag)
                }
            }
        }

        mutating func want(_ count: Int) {
            while true {
                let change = set.change(for: count)
                if change == .init() { return }
                calls += change.cancel.count + change.add.count
                live.removeAll { consumer in change.cancel.contains { $0.tag == consumer.tag } }
                live += change.add
                push()
            }
        }

        mutating func settle(_ count: Int) {
            let tags = sent.prefix(count).map(\.tag)
            sent.removeFirst(tags.count)
            set.settled(tags)
            push()
        }
    }

    @Test func `one queue gets what is wanted, however that changes`() {
        var server = Server([100_000])
        for wanted in [1, 4, 160, 161, 400, 30, 3, 1, 2] {
            server.want(wanted)
            // What came before the count was lowered is settled by and by.
            for _ in 0..<400 {
                server.settle(1)
                server.want(wanted)
            }
            #expect((wanted...wanted * 5 / 4).contains(server.sent.count), "\(server.sent.count) for \(wanted)")
        }
    }

    @Test func `a queue that alone has messages gets all of the count`() {
        var server = Server([0, 100, 0])
        server.want(8)
        #expect(server.sent.count == 8)
    }

    @Test func `busy queues share the count`() {
        var server = Server([1_000, 1_000, 1_000])
        server.want(30)
        #expect(server.sent.count == 30)
        for queue in 0..<3 { #expect(server.sent.count { $0.queue == queue } == 10) }
        server.want(2)
        while server.sent.count > 3 {
            server.settle(1)
            server.want(2)
        }
        // One each, or a queue would be left alone.
        #expect(Set(server.sent.map(\.queue)) == [0, 1, 2])
    }

    @Test func `queues that become busy later take their share, and the sum comes back to what is wanted`() {
        var server = Server([1_000, 0])
        server.want(40)
        #expect(server.sent.count == 40)
        server.waiting[1] = 1_000
        server.push()
        for _ in 0..<200 {
            server.settle(1)
            server.want(40)
            #expect((39...60).contains(server.sent.count), "\(server.sent.count)")
        }
        #expect((40...50).contains(server.sent.count))
        #expect(server.sent.count { $0.queue == 1 } >= 15)
        // Nothing changes any more.
        let calls = server.calls
        for _ in 0..<500 {
            server.settle(3)
            server.want(40)
        }
        #expect(server.calls == calls)
    }

    @Test func `a steady flow needs no calls, and many small steps few consumers`() {
        var server = Server([10_000])
        for wanted in 1...300 { server.want(wanted) }
        #expect(server.live.count <= 30 && (300...375).contains(server.sent.count))
        let calls = server.calls
        for _ in 0..<2_000 {
            server.settle(3)
            server.want(300)
        }
        #expect(server.calls == calls)
    }

    @Test func `busy queues share the count by their weights`() {
        var server = Server([1_000, 1_000], weights: [0: 3])
        server.want(40)
        for _ in 0..<200 {
            server.settle(1)
            server.want(40)
        }
        #expect((27...33).contains(server.sent.count { $0.queue == 0 }), "\(server.sent.count { $0.queue == 0 })")
        #expect((7...13).contains(server.sent.count { $0.queue == 1 }))
    }

    @Test func `leaves queues, and comes to others`() {
        var set = ConsumerSet(queueCount: 2)
        let first = set.begin()
        #expect(first.map(\.queue) == [0, 1])
        var change = set.select([1, 2])
        #expect(change.cancel == [first[0]] && change.add.map(\.queue) == [2])
        // Each of those that stay has one that is never taken away.
        _ = set.change(for: 20)
        _ = set.change(for: 1)
        #expect(Set(set.consumers.map(\.queue)) == [1, 2])
        change = set.select([])
        #expect(change.cancel.count == set.consumers.count + 2 && set.consumers.isEmpty)
    }
}
