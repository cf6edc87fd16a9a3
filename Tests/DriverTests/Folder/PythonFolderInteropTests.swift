import CeleryCore
import Fixtures
import ResultStores
import Testing

/// Results in a folder that is shared with Python's Celery itself.
@Suite(.timeLimit(.minutes(15))) struct PythonFolderInteropTests {
    private let folder = TemporaryFolder()

    private static let app = """
        import json, sys, warnings
        from celery import Celery
        from celery.result import AsyncResult, GroupResult
        warnings.simplefilter('ignore')
        app = Celery('app', broker='memory://', backend=sys.argv[1], set_as_current=False)
        app.conf.result_expires = 3600
        store = app.backend

        """

    @Test(arguments: PythonCelery.versions) func `each reads what the other writes`(python: PythonCelery) async throws {
        let path = folder.file("results")
        let store = try FolderResultStore(path: path, FolderResultStore.Terms(expires: 3_600))
        var failure = TaskResult(id: TaskID("ours-failed"), state: .failure, failure: TaskFailure(type: "ValueError", arguments: ["bad"], module: "builtins"))
        failure.traceback = "tb"
        try await store.store([TaskResult(id: TaskID("ours"), state: .success, value: ["k": ["ü", 1]]), failure])
        let set = SetNumbering()
        try await store.keep(TaskSetRecord(id: set.id, total: 2, created: .now))
        let output = try await python.run(
            Self.app + """
                store.mark_as_done('done', {'k': [1, 2.5, None, True, 'ü']})
                store.mark_as_failure('failed', KeyError('kaput'), traceback='tb')
                store.store_result('progress', {'percent': 40}, 'PROGRESS')
                store.save_group('g', GroupResult('g', [AsyncResult('m', app=app), AsyncResult('n', app=app)], app=app))
                ours, failed = AsyncResult('ours', app=app), AsyncResult('ours-failed', app=app)
                group = GroupResult.restore(sys.argv[2], app=app)
                # A task that was lost, and ends after all: Python does not replace a success.
                store.store_result('ours', 'late', 'STARTED')
                print(json.dumps([ours.state, ours.result, failed.state, repr(failed.result), failed.traceback, [each.id for each in group]]))
                store.cleanup()
                """, ["file://" + path, set.id])
        let seen = try JSON(parsing: Array(output.utf8))
        #expect(seen == ["SUCCESS", ["k": ["ü", 1]], "FAILURE", "ValueError('bad')", "tb", .array([1, 2].map { .string(set.member($0).text) })])
        let found = try await store.results(for: ["done", "failed", "progress", "ours"].map(TaskID.init))
        #expect(found[TaskID("done")]?.value == ["k": [1, 2.5, nil, true, "ü"]] && found[TaskID("done")]?.state == .success)
        #expect(found[TaskID("failed")]?.failure?.type == "KeyError" && found[TaskID("failed")]?.traceback == "tb")
        #expect(found[TaskID("progress")]?.value == ["percent": 40] && found[TaskID("ours")]?.state == .success)
        #expect(try await store.taskSet("g")?.ids(1...2) == [TaskID("m"), TaskID("n")])
        await store.close()
    }
}
