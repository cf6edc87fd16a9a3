import Testing

@testable import CeleryCore

@Suite struct NearestNameTests {
<<<<<<< HEAD
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
=======
    @Test func `one letter too few, too many, wrong or swapped is one mistake`() {
        for word in ["queu", "queuee", "quexe", "qeuue"] {
            #expect(NearestName.suggest(word, among: ["retry", "queue"]) == "queue", "\(word)")
            #expect(NearestName.distance(Array(word.utf8), Array("queue".utf8)) == 1, "\(word)")
        }
    }

    @Test func `a longer word may have up to three mistakes`() {
        #expect(NearestName.suggest("CELRY_BROKR_UL", among: ["CELERY_BROKER_URL"]) == "CELERY_BROKER_URL")
        #expect(NearestName.suggest("CLRY_BRKR_UL", among: ["CELERY_BROKER_URL"]) == nil)
    }

    @Test func `case is not a mistake`() {
        #expect(NearestName.suggest("celery_queues", among: ["CELERY_QUEUES"]) == "CELERY_QUEUES")
        #expect(NearestName.suggest("ID", among: ["id"]) == "id")
    }

    @Test func `the beginning of a name is near`() {
        #expect(NearestName.suggest("AMQP_PASS", among: ["AMQP_PORT", "AMQP_PASSWORD"]) == "AMQP_PASSWORD")
    }

    @Test func `what is far from everything gets no suggestion`() {
        #expect(NearestName.suggest("frobnicate", among: ["queue", "retry"]) == nil)
        #expect(NearestName.suggest("ab", among: ["ac", "b"]) == nil)
        #expect(NearestName.suggest("", among: ["a", "queue"]) == nil)
        #expect(NearestName.suggest("queue", among: []) == nil)
    }

    @Test func `the nearest wins, and of equals the first`() {
        #expect(NearestName.suggest("statu", among: ["stats", "status"]) == "stats")
        #expect(NearestName.suggest("resulf", among: ["results", "result"]) == "result")
>>>>>>> e5d0f24d6d7442419649440d02a450d62678364f
    }
}
