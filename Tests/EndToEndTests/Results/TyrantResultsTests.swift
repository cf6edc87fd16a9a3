import CeleryCore
import Fixtures
import Testing

/// Results in a Tokyo Tyrant server, which is a scripted one.
@Suite(.blocking) struct TyrantResultsTests {
    @Test func `keeps results in a server, named by the settings of the original`() throws {
        let server = try TyrantServer()
        let project = try Project()
        let settings = "CELERY_BACKEND = \"tyrant\"\nTT_HOST = \"127.0.0.1\"\nTT_PORT = \(server.port)\n"
        _ = try project.run("{ cat; cat celery.toml; } >new.toml && mv new.toml celery.toml", input: settings).text
        #expect(try project.run("celery apply demo.tasks.add 1 2 --task-id good").status == 0)
        #expect(try project.run("celery celeryd --burst -q -n w@h").status == 0)
        #expect(server.keys == ["celery-task-meta-good"])
        #expect(try project.run("celery result good") == Ended("3\n"))
        #expect(try project.run("celery result good --result-backend \(server.url)") == Ended("3\n"))
        #expect(try project.run("celery result --forget good") == Ended("3\n"))
        #expect(server.keys.isEmpty)
        #expect(try project.run("celery status good").status != 0)
    }

    @Test func `a worker keeps its outcomes while the server is away, and stores them when it is back`() throws {
        let server = try TyrantServer()
        let project = try Project()
        let options = "--result-backend \(server.url)"
        try project.startWorker("-n w@h \(options)")
        #expect(try project.run("celery apply demo.tasks.add 1 1 --task-id first --wait \(options)") == Ended("2\n"))
        server.cut(isAway: true)
        for number in 0..<10 { #expect(try project.run("celery apply demo.tasks.add \(number) 1 --task-id t\(number) \(options)").status == 0) }
        #expect(eventually { server.refusals > 0 })
        server.comeBack()
        #expect(eventually { server.keys == Set((0..<10).map { "celery-task-meta-t\($0)" } + ["celery-task-meta-first"]) })
        try project.stopWorker()
    }

    @Test func `says that no server listens, and that it keeps no messages`() throws {
        let project = try Project()
        let none = try project.run("celery result x --result-backend tyrant://127.0.0.1:1")
        #expect(none.status == 69 && none.errors == """
            celery result: cannot reach tyrant://127.0.0.1:1: connection refused
            hint: start ttserver, or correct the URL

            """)
        let broker = try project.run("celery apply demo.tasks.add 1 --broker tyrant://127.0.0.1:1")
        #expect(broker.status == 78 && broker.errors.contains("this version has no broker driver for tyrant://127.0.0.1:1"))
    }
}
