import CeleryCore
import Testing

@Suite struct BrokerNameTests {
    private static let long = String(repeating: "q", count: 256)
    private static let forAll = ["", "a\n", "a\tb", "a\u{0}", "\u{1B}[2J", "a\u{85}", "a\u{2028}b", long]

    @Test func `the name of a queue is short and without spaces or commas`() {
        for name in ["celery", "images.large", "naïve", "a:b/c", "amqp", "x.amq.", String(repeating: "q", count: 255)] {
            #expect(BrokerName.queue.isValid(name), "\(name)")
            #expect(BrokerName.existingQueue.isValid(name), "\(name)")
        }
        for name in Self.forAll + ["a b", "a,b", " a", "a\u{A0}b"] {
            #expect(BrokerName.queue.rule(brokenBy: name) == "up to 255 bytes without spaces or commas", "\(name)")
            #expect(!BrokerName.existingQueue.isValid(name), "\(name)")
        }
    }

    @Test func `RabbitMQ keeps queues that begin with amq. for itself, and they may be purged`() {
        #expect(BrokerName.queue.rule(brokenBy: "amq.gen-x") == "one that does not begin with amq., which RabbitMQ reserves")
        #expect(BrokerName.existingQueue.isValid("amq.gen-x"))
        #expect(BrokerName.exchange.isValid("amq.topic"))
    }

    @Test func `exchanges and routing keys may have spaces, and no control characters`() {
        for sort in [BrokerName.exchange, .routingKey] {
            for name in ["a b", "a,b", "*.images.#"] { #expect(sort.isValid(name), "\(name)") }
            for name in Self.forAll {
                #expect(sort.rule(brokenBy: name) == "up to 255 bytes without control characters", "\(name)")
            }
        }
    }
}
