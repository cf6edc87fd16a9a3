import Testing

@testable import CeleryZMQ

@Suite struct VerbTableTests {
    @Test func `every verb has a name of its own`() {
        let names = Verbs.all.map(\.name)
        #expect(Set(names).count == names.count)
    }

    @Test func `what commands workers, or takes messages away from them, is the admin's alone`() {
        let admin = Verbs.all.filter { $0.role == .admin }.map(\.name).sorted()
        #expect(
            admin == [
                "drop-dead-letters", "pause", "purge", "replay", "reset-statistics", "resume", "revoke", "tell-beat",
            ])
    }

    @Test func `a client that submits can neither take nor settle`() {
        for verb in Verbs.all where verb.scope == .subscription || verb.scope == .seat { #expect(verb.role >= .work, "\(verb.name)") }
    }

    @Test func `each role includes the ones before it`() {
        #expect(BrokerRole.submit < .work && BrokerRole.work < .admin)
        #expect(BrokerRole(rawValue: "root") == nil)
    }
}
