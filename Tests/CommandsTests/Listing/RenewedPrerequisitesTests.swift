import CeleryCore
import Testing

@testable import Commands

/// Tasks that come after each other, sent again.
@Suite struct RenewedPrerequisitesTests {
    private func task(_ id: String, after earlier: String...) -> RenewedPrerequisites.Repetition {
        var new = Message(id: TaskID("new \(id)"), task: "t", body: MessageBody(bytes: []))
        Prerequisites.write(earlier.map { TaskID($0) }, to: &new)
        return (TaskID(id), new)
    }

    /// `new id: prerequisites` of each, in order.
    private func applied(_ tasks: RenewedPrerequisites.Repetition...) -> [String] {
        RenewedPrerequisites.applied(to: tasks).map { old, new in
            #expect(new.id.text == "new \(old)")
            return ([new.id.text + ":"] + Prerequisites.of(new).map(\.text)).joined(separator: " ")
        }
    }

    @Test func `what comes after another comes after its successor, and is sent after it`() {
        #expect(applied(task("c", after: "b", "a"), task("b", after: "a"), task("x"), task("a")) == [
            "new a:", "new b: new a", "new c: new b new a", "new x:",
        ])
    }

    @Test func `tasks that are not sent again remain to be waited for`() {
        #expect(applied(task("b", after: "a", "old"), task("a", after: "older")) == ["new a: older", "new b: new a old"])
        #expect(applied(task("b", after: "a"), task("c")) == ["new b: a", "new c:"])
    }

    @Test func `odd input changes nothing else`() {
        #expect(applied() == [])
        #expect(applied(task("a", after: "a")) == ["new a: new a"])
        #expect(applied(task("a", after: "b"), task("b", after: "a")) == ["new b: new a", "new a: new b"])
    }
}
