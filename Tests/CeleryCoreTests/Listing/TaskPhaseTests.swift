import CeleryCore
import Testing

struct TaskPhaseTests {
    @Test func `users name phases in their own words`() {
        for phase in TaskPhase.allCases {
            #expect(TaskPhase.named(phase.name) == [phase])
            #expect(TaskPhase.named(phase.name.lowercased()) == [phase])
        }
        #expect(TaskPhase.named("PENDING") == [.queued, .scheduled])
        #expect(TaskPhase.named("running") == [.started])
        #expect(TaskPhase.named("finished") == [.success, .failure, .revoked])
        #expect(TaskPhase.named("done") == nil)
        #expect(TaskPhase.named("") == nil)
    }

    @Test func `every state of a result has its phase`() {
        #expect([TaskState.pending, .received, .started, .retry, .success, .failure, .revoked, .custom("PROGRESS")].map(TaskPhase.init)
            == [.queued, .queued, .started, .retry, .success, .failure, .revoked, .started])
        #expect(TaskPhase.allCases.filter { !$0.isOpen } == [.success, .failure, .revoked])
    }
}
