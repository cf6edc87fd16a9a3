import CeleryCore
import Fixtures
import Testing

/// Results in a Memcached server.
@Suite(.blocking) struct MemcachedResultsTests {
    /// Keys of its own, in a server that others use as well.
    private let prefix = ["CELERY_RESULT_KEY_PREFIX": TaskID().text]

    @Test func `keeps results in a server, named by the settings of the original`() throws {
        let project = try Project()
        let server = try LocalMemcached.shared
        let original = prefix.merging(
            ["CELERY_BACKEND": "cache", "CELERY_CACHE_BACKEND": "memcached://127.0.0.1:\(server.port)/"]) { $1 }
        let options = "--result-backend \(server.url)"
        #expect(try project.run("celery apply demo.tasks.add 1 2 --task-id good \(options)", with: prefix).status == 0)
        #expect(try project.run("celery celeryd --burst -q -n w@h", with: original).status == 0)
        #expect(try project.run("celery result good \(options)", with: prefix) == Ended("3\n"))
        #expect(try project.run("celery result --forget good", with: original) == Ended("3\n"))
        #expect(try project.run("celery status good \(options)", with: prefix).status != 0)
    }

    @Test func `says that no server listens, and that it keeps no messages`() throws {
        let project = try Project()
        let none = try project.run("celery result x --result-backend memcached://127.0.0.1:1/")
        #expect(none.status == 69 && none.errors == """
            celery result: cannot reach memcached://127.0.0.1:1/: connection refused
            hint: start memcached, or correct the URL

            """)
        let broker = try project.run("celery apply demo.tasks.add 1 --broker memcached://127.0.0.1:1/")
        #expect(broker.status == 78 && broker.errors.contains("this version has no broker driver for memcached://127.0.0.1:1/"))
    }
}
