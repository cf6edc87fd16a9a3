import CeleryCore
import Fixtures
import Testing

/// Results in a Redis server: `--result-backend redis://...`.
@Suite(.blocking) struct RedisResultTests {
    private let project: Project
    private let variables: [String: String]
    private let location: String

    init() throws {
        let server = try RedisServer.shared
        project = try Project()
        location = "redis://celery:***@127.0.0.1:\(server.port)/0"
        variables = ["CELERY_RESULT_BACKEND": server.url, "CELERY_RESULT_KEY_PREFIX": "end-to-end-\(TaskID())"]
    }

    @Test func `every command that needs results finds them`() throws {
        try project.task("fail.sh", "#!/bin/sh\necho why >&2\nexit 7\n")
        try project.startWorker("-n w@h", with: variables)
        #expect(try project.run("celery apply --wait demo.tasks.add 1 2", with: variables) == Ended("3\n"))
        #expect(try project.run("celery apply --wait demo.tasks.fail --task-id bad", with: variables).status == 7)
        #expect(try project.run("celery result bad", with: variables) == Ended(errors: "CalledProcessError: demo.tasks.fail returned exit status 7\n", status: 7))
        #expect(try project.run("celery status bad", with: variables) == Ended("bad\tFAILURE\n", status: 1))
        #expect(try project.run("celery explain bad", with: variables).output.contains("on w@h"))
        #expect(try project.run("seq 3 | celery dmap demo.tasks.square", with: variables).output == "1\n4\n9\n")
        let set = try project.run("seq 3 | celery dmap --detach demo.tasks.square", with: variables).text
        #expect(try project.run("celery taskset --wait --results \(set)", with: variables).output == "1\n4\n9\n")
        #expect(try project.run("celery result --forget bad", with: variables).status == 7)
        #expect(try project.run("celery result bad", with: variables).status == 127)
        // Nothing of it stands in the broker's own file.
        #expect(try project.run("sqlite3 celery.db 'SELECT count(*) FROM result'").text == "0")
    }

    @Test func `what Redis does not keep is said`() throws {
        _ = try project.run("celery apply demo.tasks.add 1 2 --task-id a && celery celeryd --burst -q", with: variables)
        for (command, lack) in [
            ("celery logs a", "celery logs: \(location) cannot keep the output of tasks\n"),
            ("celery retry a", "celery retry: \(location) cannot keep the arguments of tasks\n"),
        ] {
            let ended = try project.run(command, with: variables)
            #expect(ended.status == 78 && ended.errors.hasPrefix(lack), "\(command): \(ended)")
        }
    }

    @Test func `a worker warns of a server that may lose results`() throws {
        try project.startWorker(with: variables)
        #expect(eventually { project.log.contains("\(location) keeps no append-only file, so a crash or power cut loses recent results; ") }, "\(project.log)")
    }

    @Test func `a wrong password and a missing server are told apart`() throws {
        let server = try RedisServer.shared
        let refused = try project.run("celery result a --result-backend redis://celery:hush@127.0.0.1:\(server.port)/0")
        #expect(refused.status == 77 && refused.errors.contains("the server refuses this user and password") && !refused.errors.contains("hush"), "\(refused)")
        let missing = try project.run("celery result a --result-backend redis://:hush@127.0.0.1:1/0")
        #expect(missing == Ended(errors: """
            celery result: cannot reach redis://:***@127.0.0.1:1/0: connection refused
            hint: start Redis, or correct the URL

            """, status: 69))
    }
}
