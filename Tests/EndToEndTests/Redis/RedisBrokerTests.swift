import CeleryCore
import Fixtures
import Testing

/// Everything in a Redis server: `--broker redis://...`.
@Suite(.blocking) struct RedisBrokerTests {
    private let server: RedisServer
    private let project: Project
    private let variables: [String: String]
    private let location: String

    init() throws {
        server = try RedisServer.shared
        project = try Project()
        let prefix = "end-to-end-\(TaskID())-"
        location = "redis://celery:***@127.0.0.1:\(server.port)/0"
        variables = [
            "CELERY_BROKER_URL": server.url + "?global_keyprefix=\(prefix)", "CELERY_RESULT_BACKEND": server.url, "CELERY_RESULT_KEY_PREFIX": prefix,
        ]
    }

    @Test func `tasks run, and commands find workers, queues and results`() throws {
        try project.task("fail.sh", "#!/bin/sh\necho why >&2\nexit 7\n")
        try project.startWorker("-n w@h", with: variables)
        #expect(try project.run("celery apply --wait demo.tasks.add 1 2", with: variables) == Ended("3\n"))
        #expect(try project.run("celery apply --wait demo.tasks.fail --task-id bad", with: variables).status == 7)
        #expect(try project.run("celery status bad", with: variables) == Ended("bad\tFAILURE\n", status: 1))
        #expect(try project.run("seq 3 | celery dmap demo.tasks.square", with: variables).output == "1\n4\n9\n")
        // Both wait a second for the worker's answer.
        #expect(try eventually { try project.run("celery status", with: variables).output.contains("w@h") })
        #expect(try eventually { try project.run("celery inspect ping", with: variables).output.contains("w@h") })
        #expect(try project.run("celery apply --wait --countdown 2 demo.tasks.add 2 2", with: variables) == Ended("4\n"))
    }

    @Test func `queues are paused, resumed, counted and purged`() throws {
        _ = try project.run("celery queues pause celery --reason why", with: variables)
        for _ in 0..<3 { _ = try project.run("celery apply demo.tasks.add 1 2", with: variables) }
        let shown = try project.run("celery queues", with: variables).output
        #expect(shown.contains("celery") && shown.contains("3") && shown.contains("why"), "\(shown)")
        #expect(try project.run("celery purge --force", with: variables).output.contains("3"))
        _ = try project.run("celery queues resume celery", with: variables)
        try project.startWorker(with: variables)
        #expect(try project.run("celery apply --wait demo.tasks.add 1 2", with: variables) == Ended("3\n"))
    }

    @Test func `a burst worker ends when its queues are empty`() throws {
        for number in 0..<5 { _ = try project.run("celery apply demo.tasks.add 1 2 --task-id \(number)", with: variables) }
        #expect(try project.run("celery celeryd --burst -q", with: variables).status == 0)
        #expect(try project.run("celery status 4", with: variables) == Ended("4\tSUCCESS\n"))
    }

    @Test func `a worker warns of a server that may lose messages`() throws {
        try project.startWorker(with: variables)
        #expect(eventually { project.log.contains("\(location) keeps no append-only file, so a crash or power cut loses recent messages; ") }, "\(project.log)")
    }

    @Test func `a misspelt option and a missing server are told apart`() throws {
        let option = try project.run("celery apply demo.tasks.add 1 2 --broker 'redis://127.0.0.1:1/0?visibility_timeot=5'")
        #expect(option.status == 78 && option.errors.contains("did you mean 'visibility_timeout'?"), "\(option)")
        let missing = try project.run("celery apply demo.tasks.add 1 2 --broker redis://:hush@127.0.0.1:1/0")
        #expect(missing.status == 69 && missing.errors.contains("cannot reach redis://:***@127.0.0.1:1/0: connection refused"), "\(missing)")
        #expect(!missing.errors.contains("hush"))
    }
}
