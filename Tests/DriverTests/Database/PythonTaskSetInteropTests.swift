import CeleryCore
import Fixtures
import Foundation
import ResultStores
import Testing

/// Task-sets shared with Python's Celery itself, of each version whose rows differ.
@Suite(.timeLimit(.minutes(15))) struct PythonTaskSetInteropTests {
    let folder = TemporaryFolder()

    /// Makes an application of the file, and prints what it restores as JSON.
    private static let app = """
        import json, sys, warnings
        from celery import Celery
        from celery.result import AsyncResult, GroupResult
        warnings.simplefilter('ignore')
        app = Celery('app', broker='memory://', backend='db+sqlite:///' + sys.argv[1])
        app.conf.update(result_serializer='json', accept_content=['json', 'pickle'])
        app.set_default()
        """

    private static let saving = """

        parent = AsyncResult('parent')
        inner = GroupResult('inner', [AsyncResult('three'), AsyncResult('four')])
        GroupResult('theirs', [AsyncResult('one'), AsyncResult('two', parent=parent), inner, AsyncResult('five')]).save()
        GroupResult('none', []).save()
        GroupResult('large', [AsyncResult('member-%d' % number) for number in range(int(sys.argv[2]))]).save()
        """

    private static let restoring = """

        for id in sys.argv[2:]:
            group = GroupResult.restore(id)
            print(json.dumps(group.as_tuple() if len(group) < 10 else [group.id, len(group), group.results[-1].id]))
        print(json.dumps(GroupResult.restore(sys.argv[2]).completed_count()))
        """

    @Test(arguments: PythonDatabaseInteropTests.Sharing.cases)
    func `Python restores sets that were kept here, and its groups are sets`(_ sharing: PythonDatabaseInteropTests.Sharing) async throws {
        let path = folder.file("results.db")
        let store = try PythonDatabaseStore(path: path, expires: 86_400, format: sharing.format)
        let (set, large) = (SetNumbering(), SetNumbering())
        // Under `Tests/run --all` as many as a row may have.
        let many = fuzzRounds(1) == 1 ? 5_000 : 100_000
        try await store.keep(TaskSetRecord(id: set.id, total: 3, created: .now))
        try await store.keep(TaskSetRecord(id: large.id, total: many, created: .now))
        try await store.store([TaskResult(id: set.member(2), state: .success, value: 5)])
        _ = try await sharing.python.run(Self.app + Self.saving, [path, "\(many)"])

        #expect(try await store.taskSet("theirs")?.members == ["one", "two", "three", "four", "five"].map { TaskID($0) })
        #expect(try await store.taskSet("theirs")?.total == 5)
        #expect(try await store.taskSet("none")?.total == 0)
        let found = try #require(try await store.taskSet("large"))
        #expect(found.total == many && found.member(many) == TaskID("member-\(many - 1)"))
        #expect(abs(found.created.seconds - Timestamp.now.seconds) < 600)
        #expect(try await store.taskSets(limit: 10).map(\.id) == ["large", "none", "theirs", large.id, set.id])

        // What is sent again takes the place of the old, in rows of either side.
        #expect(try await store.replace(TaskID("two"), by: TaskID("new"), in: "theirs"))
        #expect(try await store.replace(TaskID("four"), by: TaskID("newer"), in: "theirs"))
        #expect(try await store.replace(set.member(3), by: TaskID("again"), in: set.id))
        let output = try await sharing.python.run(Self.app + Self.restoring, [path, set.id, "theirs", large.id, "none"])
        let lines = try output.split(separator: "\n").map { try JSON(parsing: String($0)) }
        func task(_ id: String) -> JSON { [[.string(id), nil], nil] }
        #expect(lines == [
            [[.string(set.id), nil], [task(set.member(1).text), task(set.member(2).text), task("again")]],
            [["theirs", nil], [task("one"), [["new", task("parent")], nil], [["inner", nil], [task("three"), task("newer")]], task("five")]],
            [.string(large.id), .int(Int64(many)), .string(large.member(many).text)], [["none", nil], []], 1,
        ])
    }

    @Test func `refuses a set that is too large for a row`() async throws {
        let store = try PythonDatabaseStore(path: folder.file("results.db"), expires: nil)
        let set = SetNumbering()
        let error = await #expect(throws: DriverError.self) {
            try await store.keep(TaskSetRecord(id: set.id, total: 100_001, created: .now))
        }
        #expect(error?.code == .refused)
        #expect(try await store.taskSet(set.id) == nil)
    }
}
