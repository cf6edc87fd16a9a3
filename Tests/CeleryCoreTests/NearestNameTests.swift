import Testing

@testable import CeleryCore

@Suite struct NearestNameTests {
    @Test(arguments: [
        ("", "", 0), ("a", "", 1), ("", "abc", 3), ("queue", "queue", 0), ("quue", "queue", 1), ("quueue", "queue", 1),
        ("qeuue", "queue", 1), ("quexe", "queue", 1), ("ca", "abc", 3), ("kitten", "sitting", 3),
    ])
    func `counts edits`(_ first: String, _ second: String, _ distance: Int) {
        #expect(NearestName.distance(first, second) == distance)
        #expect(NearestName.distance(second, first) == distance)
    }

    @Test func `finds the nearest, or none`() {
        let names = ["apply", "status", "result", "revoke", "celeryd", "AMQP_SERVER", "queue", "queues"]
        #expect(NearestName.suggest("aply", among: names) == "apply")
        #expect(NearestName.suggest("stauts", among: names) == "status")
        #expect(NearestName.suggest("celreydd", among: names) == "celeryd")
        #expect(NearestName.suggest("amqp_servr", among: names) == "AMQP_SERVER")
        #expect(NearestName.suggest("amqp_server", among: names) == "AMQP_SERVER")
        #expect(NearestName.suggest("cel", among: names) == "celeryd")
        #expect(NearestName.suggest("re", among: names) == nil)
        #expect(NearestName.suggest("Queue", among: names) == "queue")
        #expect(NearestName.suggest("x", among: ["y"]) == nil)
        #expect(NearestName.suggest("banana", among: names) == nil)
        #expect(NearestName.suggest("abc", among: [String]()) == nil)
    }

    @Test func `a name cut short is nearer than one with three mistakes`() {
        #expect(NearestName.suggest("AMQP_PASS", among: ["AMQP_PORT", "AMQP_PASSWORD"]) == "AMQP_PASSWORD")
    }
}
