import Testing

@testable import CeleryCore

@Suite struct NearestNameTests {
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
    }
}
