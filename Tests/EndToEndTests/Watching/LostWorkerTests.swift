import CeleryCore
import Fixtures
import Testing

/// What is said of a worker that was killed.
@Suite(.blocking) struct LostWorkerTests {
    private func objects(_ text: String) throws -> [JSON] { try text.split(separator: "\n").map { try JSON(parsing: String($0)) } }

    /// Starts a second worker beside that of `startWorker`.
    private func startAnother(_ project: Project, with variables: [String: String] = [:]) throws {
        _ = try project.run("celery celeryd --detach -p other.pid -f other.log -c1 -n other@h", with: variables).text
    }

    @Test func `a killed worker is shown as lost, and monitors hear of it from the worker that noticed`() throws {
        let project = try Project()
        try project.startWorker("-n w@h -Q celery,images")
        try startAnother(project)
        let id = try project.workerID
        // It may open the file only when the other worker has told of the loss.
        let following = try project.start("exec celery events --follow --since 1h --json --type worker-offline")
        try project.signalWorker(9)
        #expect(eventually { following.printed.contains("\"lost\":true") }, "\(following.printed)\(following.said)")
        let event = try #require(try objects(following.printed).first)
        #expect(event["hostname"] == "w@h" && event["pid"]?.intValue == Int(id) && event["queues"] == ["celery", "images"])
        let status = try project.run("celery status")
        #expect(status.status == 0 && status.lines.count == 2)
        #expect(status.line(0).hasPrefix("other@h\tpid "))
        #expect(status.line(1).wholeMatch(of: #/w@h\tlost \d+s ago\tpid \d+\tqueues celery,images/#) != nil, "\(status)")
        let shown = try objects(project.run("celery status --json").output)
        try #require(shown.map { $0["worker"] } == ["other@h", "w@h"] && shown[0]["lost"] == .null && shown[1]["lost"]?.stringValue != nil)
        #expect(shown[1]["running"] == [])
        // Until it is back.
        try project.startWorker("-n w@h")
        #expect(try project.run("celery status").lines.allSatisfy { !$0.contains("lost") })
        try project.stopWorker()
        // One that leaves by itself is not lost.
        #expect(try project.run("celery status").lines.count == 2)
        following.signal(15)
    }

    @Test func `the last worker is shown as lost although nobody is left to notice`() throws {
        let project = try Project()
        try project.startWorker("-n w@h")
        try project.signalWorker(9)
        #expect(try eventually { try project.run("celery status").output.contains("w@h\tlost ") })
        let ended = try project.run("celery status")
        #expect(ended.status == 69 && ended.errors.contains("no worker is alive on "))
    }

    // MARK: RabbitMQ

    @Test func `RabbitMQ itself tells of a killed worker, to our monitors and to Python's`() throws {
        let place = try RabbitMQPlace()
        let project = place.project
        try project.startWorker("-n w@h", with: place.variables())
        let following = try project.start("exec celery events --follow --json --type worker-offline", with: place.variables())
        let python = try PythonCelery(version: "5.7").path()
        let listening = try project.start("exec \(python) -u -c '\(Self.monitor)' \(place.url)", with: ["PYTHONUNBUFFERED": "1"])
        #expect(eventually { listening.printed.contains("w@h alive True") }, "\(listening.printed)\(listening.said)")
        // The worker has left its will with the server.
        #expect(try eventually { try holdsWill(place) })
        try project.signalWorker(9)
        #expect(eventually { following.printed.contains("\"lost\":true") }, "\(following.printed)\(following.said)")
        #expect(eventually { listening.printed.contains("w@h alive False") }, "\(listening.printed)\(listening.said)")
        let ended = try place.run("celery status")
        #expect(ended.status == 69 && ended.lines.count == 1, "\(ended)")
        #expect(ended.output.wholeMatch(of: #/w@h\tlost \d+s ago\tpid \d+\tqueues celery\n/#) != nil, "\(ended)")
        #expect(ended.errors.contains("no worker has answered within a second on \(place.shown), which cannot list them"), "\(ended)")
        // Again: reading takes nothing away.
        #expect(try place.run("celery status").lines.count == 1)
        try project.startWorker("-n w@h", with: place.variables())
        #expect(try place.run("celery status").lines.allSatisfy { !$0.contains("lost") })
        following.signal(15)
        listening.signal(15)
        try project.stopWorker()
        // Nothing of it is left: the queue of the one that was killed expires.
        #expect(try eventually { try !place.server.ask("-p", place.vhost, "list_queues", "name", "consumers").contains(#/celeryev\.\S+\t1/#) })
    }

    /// Whether a worker has left its will with the server: it holds the message.
    private func holdsWill(_ place: RabbitMQPlace) throws -> Bool {
        try place.server.ask("-p", place.vhost, "list_queues", "name", "messages_unacknowledged").contains(#/celeryev\.\S+\t1/#)
    }

    /// Prints what Python's Celery knows of the workers after each event about one.
    private static let monitor = """
        import sys
        from celery import Celery
        app = Celery(broker=sys.argv[1])
        state = app.events.State()
        def note(event):
            state.event(event)
            worker = state.workers.get(event["hostname"])
            print(event["hostname"], "alive", worker.alive, flush=True)
        with app.connection_for_read() as connection:
            app.events.Receiver(connection, handlers={"*": note}).capture(limit=None, timeout=None, wakeup=True)
        """

    @Test func `a worker that leaves RabbitMQ by itself is not lost`() throws {
        let place = try RabbitMQPlace()
        try place.project.startWorker("-n w@h", with: place.variables())
        let following = try place.project.start("exec celery events --follow --json --type worker-offline", with: place.variables())
        #expect(try eventually { try holdsWill(place) })
        try place.project.stopWorker()
        #expect(eventually { following.printed.contains("worker-offline") })
        #expect(!following.printed.contains("lost"))
        let ended = try place.run("celery status")
        #expect(ended.output == "" && ended.status == 69)
        following.signal(15)
    }

    @Test func `status says it when RabbitMQ cannot know`() throws {
        let place = try RabbitMQPlace()
        let ended = try place.run("celery status")
        #expect(ended.status == 69)
        #expect(ended.errors.contains("celery status: lost workers are not known on \(place.shown): no worker has declared the queue celery.lost"), "\(ended)")
    }

    // MARK: What cannot be told

    @Test func `says why there are no events about tasks`() throws {
        let project = try Project()
        let id = try project.apply("demo.tasks.add 1")
        #expect(try project.run("celery celeryd --burst -q").status == 0)
        let advice = "workers send events about tasks with celery celeryd -E, with CELERY_SEND_EVENTS = true, or after celery control enable_events\n"
        #expect(try project.run("celery events").errors == "hint: no events about tasks are stored for this time; " + advice)
        #expect(try project.run("celery events --type worker").errors == "")
        #expect(try project.run("celery events --id \(id)").errors == "hint: no events of this task are stored; " + advice)
        #expect(try project.run("celery events -q").errors == "")

        let following = try project.start("exec celery events --follow --type task")
        try project.startWorker("-n w@h")
        #expect(try eventually {
            _ = try project.run("celery apply demo.tasks.add 1 --wait").text
            return following.said.contains("hint: worker w@h runs tasks and sends no events about them; " + advice)
        })
        following.signal(15)
        try project.stopWorker()
    }

    @Test func `says where messages are that no worker has reserved`() throws {
        let project = try Project()
        try project.startWorker("-n w@h")
        try project.expect(
            "celery inspect reserved -t 60",
            Ended(
                "->  w@h: OK\n    - empty -\n",
                errors: "hint: a worker takes a message only when it can soon start it; celery queues counts those that wait at the broker\n"))
        try project.expect("celery inspect scheduled -t 60", Ended("->  w@h: OK\n    - empty -\n"))
        try project.stopWorker()
    }
}
