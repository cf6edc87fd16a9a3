import CeleryZMQ
import Testing

@testable import BrokerServer

@Suite struct AnswersTests {
    @Test func `every verb has an answer, for its role`() {
        #expect(Set(Verbs.all.map(\.name)) == Set(Answers.table.keys))
        for verb in Verbs.all { #expect(Answers.table[verb.name]?.verb.role == verb.role, "\(verb.name)") }
    }
}
