import CeleryCore
import Fixtures
import Processes
import Testing

/// Revoking across the fleet: Python's orders to our worker, ours to Python's.
@Suite(.timeLimit(.minutes(5))) struct RevokeInteropTests {
    @Test func `Python revokes and ends tasks of our worker`() async throws {
        let place = try await offThread { try RabbitMQPlace() }
        let project = place.project
        let (running, waiting) = try await offThread {
            try project.task("wait.sh", "#!/bin/sh\ntouch up\nexec sleep 600\n")
            try project.startWorker("-n ours@here", with: place.variables())
            let running = try place.run("celery apply demo.tasks.wait").text
            #expect(eventually { project.exists("up") })
            return (running, try place.run("celery apply demo.tasks.add 1 --countdown 40").text)
        }
        let answers = try await PythonCelery(version: "5.6").run(
            """
            import json, sys
            from celery import Celery
            app = Celery(broker=sys.argv[1])
            control = app.control
            print(json.dumps([
                control.revoke(sys.argv[2], terminate=True, reply=True, timeout=30, limit=1),
                control.revoke([sys.argv[3]], reply=True, timeout=30, limit=1),
                control.inspect(timeout=30, limit=1).revoked(),
            ]))
            """, [place.url, running, waiting])
        let parsed = try JSON(parsing: answers)
        #expect(
            parsed.arrayValue?.prefix(2) == [
                [["ours@here": ["ok": .string("terminate: \(running)")]]],
                [["ours@here": ["ok": .string("tasks {'\(waiting)'} flagged as revoked")]]],
            ])
        #expect(Set(parsed.arrayValue?.dropFirst(2).first?["ours@here"]?.arrayValue?.compactMap(\.stringValue) ?? []) == [running, waiting])
        try await offThread {
            #expect(try place.run("celery status --wait --timeout 30 \(running)").status == 125)
            #expect(try place.run("celery status --wait --timeout 30 \(waiting)").status == 125)
            try project.stopWorker()
        }
    }

    @Test func `a worker of Python obeys our command`() async throws {
        let place = try await offThread { try RabbitMQPlace() }
        let output = try await PythonCelery(version: "5.6").run(
            """
            import os, subprocess, sys, textwrap, time
            folder, url, program = sys.argv[1:4]
            os.chdir(folder)
            open("theirs.py", "w").write(textwrap.dedent('''
            import time
            from celery import Celery
            app = Celery("theirs", broker=%r, backend="db+sqlite:///theirs.db")
            @app.task(name="slow")
            def slow():
                open("slow.up", "w").close()
                time.sleep(600)
            ''') % url)
            worker = subprocess.Popen([sys.executable, "-m", "celery", "-A", "theirs", "worker", "-c1", "-l", "INFO", "-f", "theirs.log"],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                sys.path.insert(0, folder)
                from theirs import app, slow
                running = slow.delay()
                for _ in range(600):
                    if os.path.exists("slow.up"): break
                    time.sleep(0.1)
                held = slow.apply_async(countdown=2)
                time.sleep(1)
                subprocess.run([program, "revoke", "--terminate", "--timeout", "1", running.id, held.id], env=dict(os.environ, CELERY_BROKER_URL=url), stdout=subprocess.DEVNULL, check=False)
                for result in running, held:
                    for _ in range(300):
                        if result.state == "REVOKED": break
                        time.sleep(0.1)
                    print(result.state)
            finally:
                worker.terminate()
                try: worker.wait(30)
                except subprocess.TimeoutExpired: worker.kill()
            """, [place.project.path, place.url, "\(BuiltPrograms.folder)/celery"])
        #expect(output == "REVOKED\nREVOKED\n")
    }

    /// Waiting for other processes is not for the few threads of tasks.
    private func offThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            WorkThread.start { continuation.resume(with: Result { try body() }) }
        }
    }
}
