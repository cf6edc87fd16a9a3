import CeleryCore
import Fixtures
import Processes
import Testing

/// What Python's clients see of programs that say more than an exit status.
@Suite(.timeLimit(.minutes(5))) struct SelfInteropTests {
    @Test(arguments: ["rpc://", "db+sqlite:///results.db"])
    func `Python sees PROGRESS with its info, and raises the error that a program names`(_ store: String) async throws {
        let place = try await offThread { try RabbitMQPlace() }
        let project = place.project
        try await offThread {
            try project.task("copy.sh", """
                #!/bin/sh
                celery self progress 30/100 copying
                until [ -e go ]; do sleep 0.02; done
                celery self fail SoldOut 'no more'
                """)
            try project.task("value.sh", "#!/bin/sh\ncelery self fail ValueError 'too wide'\n")
            try project.startWorker(with: place.variables().merging(["CELERY_RESULT_BACKEND": store, "CELERY_DATABASE_RESULT_FORMAT": "pickle"]) { $1 })
        }
        let backend = store == "rpc://" ? store : "db+sqlite:///\(project.path)/results.db"
        let told = try await PythonCelery(version: "5.6").run(
            """
            import json, sys, time
            from celery import Celery
            app = Celery(broker=sys.argv[1], backend=sys.argv[2])
            result = app.send_task("demo.tasks.copy")
            deadline = time.time() + 60
            while result.state != "PROGRESS" and time.time() < deadline:
                time.sleep(0.05)
            state, info = result.state, result.info
            open(sys.argv[3] + "/go", "w").close()
            def error(result):
                try:
                    return result.get(timeout=60)
                except Exception as error:
                    return [type(error).__name__, list(error.args), isinstance(error, ValueError)]
            print(json.dumps([state, info, error(result), error(app.send_task("demo.tasks.value"))]))
            """, [place.url, backend, project.path])
        #expect(
            try JSON(parsing: told) == [
                "PROGRESS", ["current": 30, "total": 100, "text": "copying"], ["SoldOut", ["no more"], false], ["ValueError", ["too wide"], true],
            ])
        try await offThread { try project.stopWorker() }
    }

    /// Waiting for other processes is not for the few threads of tasks.
    private func offThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            WorkThread.start { continuation.resume(with: Result { try body() }) }
        }
    }
}
