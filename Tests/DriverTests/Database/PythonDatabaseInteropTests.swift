import CeleryCore
import Fixtures
import Foundation
import ResultStores
import Testing

/// Results shared with Python's Celery itself, of each version whose rows differ.
///
/// Both programs work on two files: one that Python made, and one that was made here.
@Suite(.timeLimit(.minutes(15))) struct PythonDatabaseInteropTests {
    let folder = TemporaryFolder()

    private func app(_ python: PythonCelery) -> String {
        """
        import datetime, decimal, json, logging, sys, uuid, warnings
        from celery import Celery
        from celery.app.task import Context
        from celery.result import AsyncResult, GroupResult
        warnings.simplefilter('ignore')
        def make(path, **settings):
            made = Celery('app', broker='memory://', backend='db+sqlite:///' + path, set_as_current=False)
            made.conf.update(result_serializer='json', accept_content=['json', 'pickle'], **settings)
            return made
        complaints = []
        class Complaints(logging.Handler):
            def emit(self, record): complaints.append(record.getMessage())
        logging.getLogger().addHandler(Complaints(logging.WARNING))
        app, other = make(sys.argv[1], result_extended=True), make(sys.argv[2])
        """
    }

    // MARK: Python writes

    private static let writing = """

        store = app.backend
        request = Context({
            'id': 'whole', 'task': 'shop.sell', 'args': (1,), 'kwargs': {'a': 2}, 'hostname': 'w1@there', 'retries': 2,
            'delivery_info': {'routing_key': 'orders'},
        })
        request.children.append(AsyncResult('child', app=app))
        store.mark_as_done('whole', {'k': [1, 2.5, None, True, 'ü']}, request=request)
        store.mark_as_done('none', None)
        store.mark_as_done('text', 'e\\u0301 𝔘 \\x00')
        store.mark_as_done('nested', [[[[[]]], {}, {'a': {'b': {'c': []}}}]])
        store.mark_as_done('numbers', [10**40, -2**63, 2**63, 1e300, float('inf'), -0.0, 0.1])
        store.mark_as_done('group', GroupResult('g', [AsyncResult('m', app=app)], app=app))
        store.mark_as_failure('failure', ValueError('kaput', 7), traceback='Traceback:\\n  ü')
        store.mark_as_retry('retry', KeyError('again'), traceback='tb')
        store.mark_as_revoked('revoked', 'terminated')
        store.mark_as_started('started', pid=7, hostname='w1@there')
        store.store_result('progress', {'percent': 40}, 'PROGRESS')
        store.save_group('g', GroupResult('g', [AsyncResult('m', app=app), AsyncResult('n', app=app)], app=app))
        special = make(sys.argv[1])
        special.conf.result_serializer = 'pickle'
        special.backend.mark_as_failure('raised', ValueError('kaput', 7))
        special.backend.mark_as_done('special', [
            datetime.datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=datetime.timezone.utc), decimal.Decimal('1.50'),
            uuid.UUID('12345678123456781234567812345678'), b'\\xff\\x00', (1, 2), {3}])
        other.backend.mark_as_done('last', 'from Python')
        """

    private func expectPython(_ results: [TaskID: TaskResult], _ python: PythonCelery) throws {
        func result(_ id: String) throws -> TaskResult { try #require(results[TaskID(id)], "\(id) of \(python)") }
        let whole = try result("whole")
        #expect(whole.state == .success && whole.value == ["k": [1, 2.5, nil, true, "ü"]])
        #expect(whole.task == "shop.sell" && whole.worker == "w1@there" && whole.queue == "orders" && whole.retries == 2)
        #expect(whole.children == (python.version == "5.7" ? [[["child", nil], nil]] : []))
        #expect(abs(try #require(whole.dateDone).seconds - Timestamp.now.seconds) < 600)
        #expect(try result("none").value == .null && result("none").state == .success)
        #expect(try result("text").value == "e\u{301} 𝔘 \u{0}")
        #expect(try result("nested").value == [[[[[]]], [:], ["a": ["b": ["c": []]]]]])
        let big = "10000000000000000000000000000000000000000"
        #expect(try result("numbers").value == [
            .bigInteger(big), .int(.min), .bigInteger("9223372036854775808"), 1e300, .double(.infinity), -0.0, 0.1,
        ])
        #expect(try result("group").value == [["g", nil], [[["m", nil], nil]]])
        let failure = TaskFailure(type: "ValueError", arguments: ["kaput", 7], module: "builtins")
        #expect(try result("failure").state == .failure && result("failure").failure == failure)
        #expect(try result("failure").traceback == "Traceback:\n  ü")
        #expect(try result("raised").failure == failure)
        #expect(try result("retry").state == .retry && result("retry").failure?.type == "KeyError")
        #expect(try result("retry").dateDone == nil)
        #expect(try result("revoked").state == .revoked && result("revoked").failure == .revoked("terminated"))
        #expect(try result("started").state == .started && result("started").value["pid"] == 7)
        #expect(try result("progress").state == .custom("PROGRESS") && result("progress").value == ["percent": 40])
        #expect(try result("special").value == [
            ["__type__": "datetime", "__value__": "2026-01-02T03:04:05.000006+00:00"], ["__type__": "decimal", "__value__": "1.50"],
            ["__type__": "uuid", "__value__": ["hex": "12345678123456781234567812345678"]],
            ["__type__": "base64", "__value__": "/wA="], [1, 2], [3],
        ])
    }

    // MARK: Python reads

    /// Results as they are written here, with what Python makes of each.
    private static let written: [(result: TaskResult, expected: JSON)] = {
        func success(_ id: String, _ value: JSON, _ text: String) -> (TaskResult, JSON) {
            (TaskResult(id: TaskID(id), state: .success, value: value), ["SUCCESS", .string(text), nil])
        }
        var failure = TaskResult(id: TaskID("our failure"), state: .failure, failure: .exited(status: 3, task: "shop.sell"))
        failure.traceback = "kaput: ü\n"
        var custom = TaskResult(id: TaskID("our custom"), state: .failure)
        custom.failure = TaskFailure(type: "Refused", arguments: ["no", ["k": [1]]], module: "shop.errors")
        let retry = TaskResult(id: TaskID("our retry"), state: .retry, failure: .retry(in: 5, because: "not yet"))
        let revoked = TaskResult(id: TaskID("our revoked"), state: .revoked, failure: .revoked("expired"))
        return [
            success("our none", nil, "None"), success("our true", true, "True"),
            success("our numbers", [0, -1, 255, 65_536, .int(.max), .int(.min)], "[0, -1, 255, 65536, 9223372036854775807, -9223372036854775808]"),
            success("our big", [.bigInteger("-" + String(repeating: "9", count: 40)), 2.5, .double(-.infinity), .double(.nan)], "[-\(String(repeating: "9", count: 40)), 2.5, -inf, nan]"),
            success("our text", "e\u{301} 𝔘 \u{0}", #"'e\u0301 \U0001d518 \x00'"#),
            success("our nested", ["b": [[[]], [:]], "a": nil], "{'b': [[[]], {}], 'a': None}"),
            success("our special", [
                ["__type__": "datetime", "__value__": "2026-01-02T03:04:05.000006+00:00"], ["__type__": "date", "__value__": "2026-01-02"],
                ["__type__": "time", "__value__": "03:04:05"], ["__type__": "decimal", "__value__": "1.50"],
                ["__type__": "uuid", "__value__": ["hex": "12345678123456781234567812345678"]],
                ["__type__": "bytes", "__value__": "raw"], ["__type__": "base64", "__value__": "/wA="],
            ], "[datetime.datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=datetime.timezone.utc), datetime.date(2026, 1, 2), "
                + "datetime.time(3, 4, 5), Decimal('1.50'), UUID('12345678-1234-5678-1234-567812345678'), b'raw', b'\\xff\\x00']"),
            (failure, ["FAILURE", "CalledProcessError(3, 'shop.sell')", "kaput: ü\n"]),
            (custom, ["FAILURE", "Refused('no', {'k': [1]})", nil]),
            (retry, ["RETRY", "Retry('Retry in 5s: not yet')", nil]),
            (revoked, ["REVOKED", "TaskRevokedError('expired')", nil]),
            (TaskResult(id: TaskID("our started"), state: .started), ["STARTED", "None", nil]),
            (TaskResult(id: TaskID("our progress"), state: .custom("PROGRESS"), value: ["percent": 40]), ["PROGRESS", "{'percent': 40}", nil]),
        ]
    }()

    private static let reading = """

        for name, reader in [('ours', other), ('theirs', app)]:
            for id in sys.argv[3:]:
                r = AsyncResult(id, app=reader)
                value = r.result
                shown = ascii(value)
                if isinstance(value, Exception):
                    args = (value.message,) if hasattr(value, 'message') else value.args
                    shown = type(value).__name__ + ascii(args).replace(',)', ')')
                print(json.dumps([name, id, r.state, shown, r.traceback]))
        r = AsyncResult('our whole', app=app)
        print(json.dumps([r.get(), r.name, r.worker, r.queue, r.retries, str(r.date_done)[:26], [c.id for c in r.children or []]]))
        # What is final stays, for those versions that know of it; and a new row goes into either file.
        other.backend.mark_as_done('again', [1, 2])
        print(json.dumps(sorted(set(complaints))))
        """

    /// A version of Celery, and how results are written for it.
    struct Sharing: Sendable, CustomStringConvertible {
        var python: PythonCelery
        var format: PythonResultFormat
        var description: String { "\(python), \(format)" }

        /// JSON is for Celery 5.7, and nothing else for the versions before.
        static let cases = PythonCelery.versions.map { Sharing(python: $0, format: $0.version == "5.7" ? .json : .pickle) }
            + [Sharing(python: PythonCelery(version: "5.7"), format: .pickle)]
    }

    @Test(arguments: PythonDatabaseInteropTests.Sharing.cases)
    func `reads what Python wrote, and writes what Python reads`(_ sharing: Sharing) async throws {
        let python = sharing.python
        let theirs = try PythonDatabaseStore(path: folder.file("theirs.db"), expires: 86_400, format: sharing.format)
        let ours = try PythonDatabaseStore(path: folder.file("ours.db"), expires: 86_400, format: sharing.format)
        let whole = wholeResult()
        let results = Self.written.map(\.result)
        // Made here, and then written by both.
        try await ours.store(results)

        // A wait here ends by a commit there.
        let last = Task {
            while true {
                let mark = await ours.mark()
                if let result = try await ours.results(for: [TaskID("last")])[TaskID("last")] { return result.value }
                try await ours.waitForChange(since: mark, until: nil)
            }
        }
        defer { last.cancel() }
        let files = [folder.file("theirs.db"), folder.file("ours.db")]
        _ = try await python.run(app(python) + Self.writing, files)
        #expect(try await promptly("the end of the wait") { try await last.value } == "from Python")
        let ids = ["whole", "none", "text", "nested", "numbers", "group", "failure", "retry", "revoked", "started", "progress", "raised", "special"]
        try expectPython(try await theirs.results(for: ids.map { TaskID($0) }), python)
        #expect(try await theirs.group("g") == [["g", nil], [[["m", nil], nil], [["n", nil], nil]]])

        try await theirs.store(results + [whole])
        // Nothing of theirs that is final is overwritten.
        try await theirs.store([TaskResult(id: TaskID("none"), state: .failure, failure: .notRegistered("x"))])
        let output = try await python.run(app(python) + Self.reading, files + results.map(\.id.text))
        let lines = try output.split(separator: "\n").map { try JSON(parsing: String($0)) }
        try #require(lines.count == Self.written.count * 2 + 2)
        // Nothing is said in Python's log, but for pickles that 5.7 reads.
        let complaints = lines.last?.arrayValue?.compactMap(\.stringValue)
        if python.version == "5.7" && sharing.format == .pickle {
            #expect(complaints?.count == 1 && complaints?.first?.contains("falling back to pickle") == true, "\(sharing)")
        } else {
            #expect(complaints == [], "\(sharing)")
        }
        for (number, line) in lines.dropLast(2).enumerated() {
            let (result, expected) = Self.written[number % Self.written.count]
            let file: JSON = number < Self.written.count ? "ours" : "theirs"
            #expect(line.text() == JSON.array([file, .string(result.id.text)] + expected.arrayValue!).text(), "\(python)")
        }
        let children: JSON = python.version == "5.7" ? ["child"] : []
        #expect(lines[lines.count - 2] == [5, "shop.sell", "celery@here", "orders", 2, "2026-01-02 03:04:05.250000", children])
        #expect(try await theirs.results(for: [TaskID("none")])[TaskID("none")]?.state == .success)
        #expect(try await ours.results(for: [TaskID("again")])[TaskID("again")]?.value == [1, 2])
        // Versions up to 5.6 make tables that lack what 5.7 has; and of ours nothing is missing to any.
        #expect(try await PythonTables.missing(at: files[0]).isEmpty == (python.version == "5.7"))
        #expect(try await PythonTables.missing(at: files[1]) == [])
    }

    private func wholeResult() -> TaskResult {
        var whole = TaskResult(id: TaskID("our whole"), state: .success, value: 5)
        whole.task = "shop.sell"
        whole.worker = "celery@here"
        whole.queue = "orders"
        whole.retries = 2
        whole.dateDone = Timestamp(seconds: 1_767_323_045.25)
        whole.children = [[["child", nil], nil]]
        return whole
    }
}
