import Processes
import Testing

@testable import Commands

@Suite struct RestartPlanTests {
    private static let killed = WaitStatus.signaled(9, coreDumped: false)

    @Test func `a worker that died is followed by another, later and later`() {
        var plan = RestartPlan()
        plan.noteWork()
        let pauses = (1...8).map { _ in plan.step(after: Self.killed, isAsked: false, lived: .seconds(3)) }
        #expect(pauses == [1, 2, 4, 8, 16, 32, 60, 60].map { .start(after: .seconds($0)) })
        #expect(plan.step(after: .exited(69), isAsked: false, lived: .seconds(59)) == .start(after: .seconds(60)))
        // A long life makes up for the short ones.
        #expect(plan.step(after: .exited(70), isAsked: false, lived: .seconds(60)) == .start(after: .seconds(1)))
    }

    @Test(arguments: [64, 73, 77, 78] as [Int32]) func `what would end so again is not started again`(_ status: Int32) {
        var plan = RestartPlan()
        plan.noteWork()
        #expect(plan.step(after: .exited(status), isAsked: false, lived: .seconds(3)) == .giveUp(status: status))
    }

    @Test func `the status of a worker that stopped as asked, or was done, is passed on`() {
        var plan = RestartPlan()
        plan.noteWork()
        #expect(plan.step(after: .exited(0), isAsked: false, lived: .seconds(3)) == .end(status: 0))
        #expect(plan.step(after: .exited(0), isAsked: true, lived: .seconds(3)) == .end(status: 0))
        #expect(plan.step(after: .exited(70), isAsked: true, lived: .seconds(3)) == .end(status: 70))
        #expect(plan.step(after: Self.killed, isAsked: true, lived: .seconds(3)) == .end(status: 137))
    }

    @Test func `a worker that never worked is tried three times when it died, and once when it said why`() {
        var plan = RestartPlan()
        #expect(plan.step(after: .exited(69), isAsked: false, lived: .zero) == .end(status: 69))
        let steps = (1...3).map { _ in plan.step(after: Self.killed, isAsked: false, lived: .zero) }
        #expect(steps == [.start(after: .seconds(1)), .start(after: .seconds(2)), .giveUp(status: 137)])
    }
}
