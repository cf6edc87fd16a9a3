import CeleryCore
import Fixtures
import Testing

/// Results in a MongoDB database, at a scripted server.
@Suite(.blocking) struct MongoResultsTests {
    private let project: Project
    private let server: MongoServer

    init() throws {
        project = try Project()
        var manner = MongoServer.Manner()
        (manner.user, manner.password) = ("me", "hush")
        server = try MongoServer(manner)
    }

    private var url: String { "mongodb://me:hush@\(server.place)/results" }

    @Test func `keeps results in a database, named by the settings of the original`() throws {
        let settings = """
            CELERY_BACKEND = "mongodb"
            CELERY_MONGODB_BACKEND_SETTINGS = { host = "127.0.0.1", port = \(server.port), user = "me", password = "hush", database = "results" }

            """
        _ = try project.run("{ cat; cat celery.toml; } >new.toml && mv new.toml celery.toml", input: settings).text
        #expect(try project.run("celery apply demo.tasks.add 1 2 --task-id good").status == 0)
        #expect(try project.run("celery celeryd --burst -q -n w@h").status == 0)
        #expect(server.document("good")?["result"] == .text("3"))
        #expect(try project.run("celery result good") == Ended("3\n"))
        #expect(try project.run("celery result good --result-backend \(url)") == Ended("3\n"))
        let set = try project.run("seq 3 | celery dmap --detach demo.tasks.square").text
        #expect(try project.run("celery celeryd --burst -q -n w@h").status == 0)
        #expect(try project.run("celery taskset --wait --results \(set)").output == "1\n4\n9\n")
        #expect(try project.run("celery result --forget good") == Ended("3\n"))
        #expect(try project.run("celery status good").status != 0)
    }

    @Test func `a worker keeps its outcomes while the server is away, and stores them when it is back`() throws {
        let options = ["CELERY_RESULT_BACKEND": url]
        try project.startWorker("-n w@h", with: options)
        #expect(try project.run("celery apply demo.tasks.add 1 1 --task-id first --wait", with: options) == Ended("2\n"))
        server.cut(isAway: true)
        for number in 0..<10 { #expect(try project.run("celery apply demo.tasks.add \(number) 1 --task-id t\(number)", with: options).status == 0) }
        #expect(eventually { server.refusals > 0 })
        server.comeBack()
        #expect(eventually { server.documents().filter { $0["status"] == .text("SUCCESS") }.count == 11 })
        try project.stopWorker()
        #expect(!project.log.contains("hush"))
    }

    @Test func `says what is wrong, without the password`() throws {
        let none = try project.run("celery result x --result-backend mongodb://me:hush@127.0.0.1:1/results")
        #expect(none.status == 69 && none.errors == """
            celery result: cannot reach mongodb://me:***@127.0.0.1:1/results: connection refused
            hint: start MongoDB, or correct the URL

            """)
        let refused = try project.run("celery result x --result-backend mongodb://me:hushed@\(server.place)/results")
        #expect(refused.status == 77 && refused.errors.contains("Authentication failed.") && !refused.errors.contains("hush"))
        let lookup = try project.run("celery result x --result-backend mongodb+srv://me:hush@cluster.example.org/results")
        #expect(lookup.status == 78 && lookup.errors.contains("servers are not looked up in the DNS (mongodb+srv)") && !lookup.errors.contains("hush"))
        let broker = try project.run("celery apply demo.tasks.add 1 --broker \(url)")
        #expect(broker.status == 78 && broker.errors.contains("this version has no broker driver for mongodb://me:***@\(server.place)/results"))
    }
}
