import CeleryCore
import Testing

@testable import Commands

/// Tasks that come after others, sent again in many batches.
@Suite struct PostponedRepetitionsTests {
    private func task(_ id: String, after earlier: String...) -> PostponedRepetitions.Repetition {
        var new = Message(id: TaskID("new \(id)"), task: "t", body: MessageBody(bytes: []))
        Prerequisites.write(earlier.map { TaskID($0) }, to: &new)
        return (TaskID(id), new)
    }

    private func shown(_ tasks: [PostponedRepetitions.Repetition]) -> [String] {
        tasks.map { ([$0.new.id.text + ":"] + Prerequisites.of($0.new).map(\.text)).joined(separator: " ") }
    }

    @Test func `what comes after a task of a later batch is kept back, and gets the new id`() {
        var postponed = PostponedRepetitions()
        #expect(shown(postponed.sift([task("c", after: "b"), task("x")])) == ["new x:"])
        #expect(shown(postponed.sift([task("b", after: "a", "old")])) == [])
        #expect(shown(postponed.sift([task("a"), task("y")])) == ["new a:", "new y:"])
        #expect(shown(postponed.release()) == ["new b: new a old", "new c: new b"])
        #expect(shown(postponed.release()) == [])
    }

    @Test func `more than fit in memory are released as they are`() {
        var postponed = PostponedRepetitions()
        let many = (0...PostponedRepetitions.limit).map { task("\($0)", after: "late") }
        let released = postponed.sift(many)
        #expect(released.count == many.count)
        #expect(shown([released[0]]) == ["new 0: late"])
        // Those that come keep to what was released.
        #expect(shown(postponed.sift([task("z", after: "7")])) == [])
        #expect(shown(postponed.release()) == ["new z: new 7"])
    }
}
