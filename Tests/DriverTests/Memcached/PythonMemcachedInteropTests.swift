import CeleryCore
import Fixtures
import Memcached
import ResultStores
import Testing

/// Results in Memcached servers that are shared with Python's Celery itself.
@Suite(.timeLimit(.minutes(15))) struct PythonMemcachedInteropTests {
    private let place: MemcachedPlace

    init() throws { place = try MemcachedPlace() }

    private static let app = """
        import json, sys, warnings
        from celery import Celery
        from celery.result import AsyncResult, GroupResult
        warnings.simplefilter('ignore')
        app = Celery('app', broker='memory://', backend=sys.argv[1], set_as_current=False)
        app.conf.result_backend_transport_options = {'global_keyprefix': sys.argv[2]}
        store = app.backend

        """

    /// Versions before 5.7 use python-memcached, which tells text from bytes by flags.
    @Test(arguments: PythonCelery.versions) func `each reads what the other writes`(python: PythonCelery) async throws {
        let store = try place.store()
        let failure = TaskResult(id: TaskID("ours-failed"), state: .failure, failure: TaskFailure(type: "ValueError", arguments: ["bad"], module: "builtins"))
        try await store.store([TaskResult(id: TaskID("ours"), state: .success, value: ["k": ["ü", 1]]), failure])
        let set = SetNumbering()
        try await store.keep(TaskSetRecord(id: set.id, total: 2, created: .now))
        let output = try await python.run(
            Self.app + """
                store.mark_as_done('done', {'k': [1, 2.5, None, True, 'ü']})
                store.mark_as_failure('failed', KeyError('kaput'), traceback='tb')
                store.save_group('g', GroupResult('g', [AsyncResult('m', app=app), AsyncResult('n', app=app)], app=app))
                ours, failed = AsyncResult('ours', app=app), AsyncResult('ours-failed', app=app)
                group = GroupResult.restore(sys.argv[3], app=app)
                print(json.dumps([ours.state, ours.result, failed.state, repr(failed.result), [each.id for each in group]]))
                """, [place.server.url, place.name, set.id])
        let seen = try JSON(parsing: Array(output.utf8))
        #expect(seen == ["SUCCESS", ["k": ["ü", 1]], "FAILURE", "ValueError('bad')", .array([1, 2].map { .string(set.member($0).text) })])
        let found = try await store.results(for: ["done", "failed"].map(TaskID.init))
        #expect(found[TaskID("done")]?.value == ["k": [1, 2.5, nil, true, "ü"]])
        #expect(found[TaskID("failed")]?.failure?.type == "KeyError" && found[TaskID("failed")]?.traceback == "tb")
        #expect(try await store.taskSet("g")?.ids(1...2) == [TaskID("m"), TaskID("n")])
        await store.close()
    }

    @Test func `both find results in the same one of several servers`() async throws {
        let other = try LocalMemcached.start()
        let url = "cache+memcached://127.0.0.1:\(place.server.port);127.0.0.1:\(other.port)/"
        let store = try place.store(url: url)
        try await store.store((0..<50).map { TaskResult(id: TaskID("ours-\($0)"), state: .success, value: .int(Int64($0))) })
        let output = try await PythonCelery(version: "5.7").run(
            Self.app + """
                print(json.dumps([AsyncResult(f'ours-{number}', app=app).result for number in range(50)]))
                for number in range(50):
                    store.mark_as_done(f'python-{number}', number)
                """, [url, place.name])
        #expect(try JSON(parsing: Array(output.utf8)) == .array((0..<50).map { .int(Int64($0)) }))
        let found = try await store.results(for: (0..<50).map { TaskID("python-\($0)") })
        #expect(found.count == 50 && found.allSatisfy { $0.key.text == "python-\($0.value.value.intValue ?? -1)" })
        await store.close()
        try other.perform("stop")
    }
}
