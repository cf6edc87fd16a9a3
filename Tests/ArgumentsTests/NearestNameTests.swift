import Testing

@testable import Arguments

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
        #expect(NearestName.find("aply", among: names) == "apply")
        #expect(NearestName.find("stauts", among: names) == "status")
        #expect(NearestName.find("celreydd", among: names) == "celeryd")
        #expect(NearestName.find("amqp_servr", among: names) == "AMQP_SERVER")
        #expect(NearestName.find("amqp_server", among: names) == "AMQP_SERVER")
        #expect(NearestName.find("cel", among: names) == "celeryd")
        #expect(NearestName.find("re", among: names) == nil)
        #expect(NearestName.find("Queue", among: names) == "queue")
        #expect(NearestName.find("x", among: ["y"]) == nil)
        #expect(NearestName.find("banana", among: names) == nil)
        #expect(NearestName.find("abc", among: [String]()) == nil)
    }
}
