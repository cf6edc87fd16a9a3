import CeleryCore
import Fixtures
import Glibc
import Testing

/// `celery inspect` and `celery control`.
@Suite(.blocking) struct RemoteControlTests {
    /// A project with a detached worker `w@test`.
    private func working(_ options: String = "") throws -> Project {
        let project = try Project()
        try project.startWorker("-n w@test \(options)")
        return project
    }

    @Test func `asks the workers of the embedded broker, which answer at once`() throws {
        let project = try working()
        try project.expect("celery inspect ping -t 60", Ended("->  w@test: OK\n    pong\n"))
        try project.expect("celery inspect active -t 60", Ended("->  w@test: OK\n    - empty -\n"))
        try project.expect(
            "celery inspect ping --json -t 60", Ended(#"{"worker":"w@test","method":"ping","reply":{"ok":"pong"}}"# + "\n"))
        #expect(try project.run("celery inspect registered max_retries -t 60").lines.contains("    * demo.tasks.square [max_retries=3]"))
        let conf = try project.run("celery inspect conf --json -t 60").output
        #expect(conf.contains(#""INSTALLED_APPS":["demo"]"#) && !conf.contains("CELERYD_PREFETCH"))
        #expect(try project.run("celery inspect conf yes --json -t 60").output.contains(#""CELERYD_PREFETCH":0"#))
        #expect(try project.run("celery inspect report -t 60").output.contains("software -> celery:"))
        #expect(try project.run("celery inspect stats --json -t 60").output.contains(#""max-concurrency":2"#))
    }

    @Test func `tells of tasks that run and that wait`() throws {
        let project = try working()
        try project.task("gate.sh", "#!/bin/sh\nuntil [ -e gate ]; do sleep 0.02; done\n")
        try project.signalWorker(SIGHUP)
        #expect(try eventually { try project.run("celery tasks --remote").output.contains("demo.tasks.gate") })
        let running = try project.apply("demo.tasks.gate x")
        let later = try project.apply("demo.tasks.add 1 --countdown 1h")
        #expect(try eventually { try project.run("celery inspect active").output.contains(running) })
        #expect(try project.run("celery inspect scheduled -t 60").output.contains(later))
        let found = try project.run("celery inspect query_task \(running) \(later) nope --json -t 60").output
        #expect(found.contains(#""\#(running)":["active","#) && found.contains(#""\#(later)":["scheduled","#) && !found.contains("nope"))
        try project.write("", to: "gate")
    }

    @Test func `names those that do not answer`() throws {
        let project = try working()
        try project.expect(
            // It is known that nobody is called x@test, so only the other is waited for.
            "celery inspect -d w@test,x@test ping -t 60",
            Ended("->  w@test: OK\n    pong\n", errors: "celery inspect: worker x@test did not answer\n", status: 69))
        let id = try project.workerID
        try project.haltWorker()
        try project.expect("celery inspect ping -t 0.5", Ended(errors: "celery inspect: worker w@test did not answer\n", status: 69))
        kill(id, SIGCONT)
        try project.expect("celery inspect ping -t 60", Ended("->  w@test: OK\n    pong\n"))
        try project.stopWorker()
        try project.expect(
            "celery inspect ping -t 60", Ended(errors: "celery inspect: no worker answered on sqlite://\(project.path)/celery.db\n", status: 69))
    }

    @Test func `gives commands`() throws {
        let project = try working("-c 1")
        try project.expect("celery control pool_grow 2 -t 60", Ended("->  w@test: OK\n    pool will grow\n"))
        #expect(try eventually { try project.poolChildren.count == 3 })
        try project.expect("celery control pool_shrink -t 60", Ended("->  w@test: OK\n    pool will shrink\n"))
        #expect(try eventually { try project.poolChildren.count == 2 })
        try project.expect("celery control pool_shrink 2 -t 60", Ended("->  w@test: ERROR\n    ValueError('the pool has 2 processes; its size must be from 1 to 1000')\n", status: 1))
        try project.expect("celery control add_consumer images -t 60", Ended("->  w@test: OK\n    add consumer images\n"))
        #expect(try project.run("celery apply demo.tasks.add 2 3 --queue images --wait").output == "5\n")
        #expect(try project.run("celery status").output.contains("celery,images"))
        try project.expect("celery control cancel_consumer images -t 60", Ended("->  w@test: OK\n    no longer consuming from images\n"))
        #expect(try project.run("celery apply demo.tasks.add 2 3 --queue images --wait --timeout 0.5").status == 124)
        try project.expect("celery control time_limit nosuch 5 -t 60", Ended("->  w@test: ERROR\n    unknown task\n", status: 1))
        let id = try project.workerID
        try project.expect("celery control shutdown -t 60", Ended("->  w@test: OK\n"))
        #expect(eventually { kill(id, 0) != 0 })
        #expect(project.log.contains("Got shutdown from remote"))
        #expect(try project.run("celery control shutdown -t 0.3").status == 69)
    }

    @Test func `refuses what makes no sense`() throws {
        let project = try Project()
        try project.expect(
            "celery inspect pong", Ended(errors: "celery inspect: no method is called 'pong'; did you mean 'ping'?\nhint: celery inspect --list lists them\n", status: 64))
        try project.expect(
            "celery inspect shutdown", Ended(errors: "celery inspect: 'shutdown' is a method of celery control\nhint: celery control shutdown\n", status: 64))
        try project.expect(
            "celery control add_consumer", Ended(errors: "celery control: add_consumer needs QUEUE\nhint: celery control add_consumer QUEUE [EXCHANGE] [TYPE] [KEY]\n", status: 64))
        try project.expect("celery control", Ended(errors: "celery control: a METHOD is needed\nhint: celery control --list lists them\n", status: 64))
        #expect(try project.run("celery inspect ping -d a --pattern b").status == 64)
        #expect(try project.run("celery control --list").output.contains("time_limit TASK SOFT [HARD]"))
        #expect(!project.exists("celery.db"))
    }

    @Test func `an idle worker that answers uses no processor between questions`() throws {
        let project = try working("-c1")
        _ = try project.run("celery inspect ping -t 60").text
        let worker = try project.workerID
        let before = try project.ticksAtRest(of: worker)
        _ = try project.run("sleep 3")
        #expect(Double(try project.ticks(of: worker) - before) <= 3 * Machine.factor)
    }

    @Test func `scales between bounds`() throws {
        let project = try Project()
        try project.task("gate.sh", "#!/bin/sh\nuntil [ -e gate ]; do sleep 0.02; done\n")
        _ = try project.run("celery celeryd --detach -p w.pid -f w.log -n w@test --autoscale 3,1", with: ["CELERYD_AUTOSCALE_KEEPALIVE": "0.2s"]).text
        #expect(try project.poolChildren.count == 1)
        let ids = try (1...4).map { _ in try project.apply("demo.tasks.gate") }
        #expect(try eventually { try project.poolChildren.count == 3 })
        #expect(try project.run("celery inspect stats --json -t 60").output.contains(#""autoscaler":{"max":3,"min":1,"current":3,"#))
        try project.expect("celery control pool_grow -t 60", Ended("->  w@test: ERROR\n    pool_grow is not supported with autoscale. Adjust autoscale range instead.\n", status: 1))
        try project.write("", to: "gate")
        #expect(try project.run("celery status --wait \(ids.joined(separator: " "))").status == 0)
        #expect(try eventually { try project.poolChildren.count == 1 })
        try project.expect("celery control autoscale 2 2 -t 60", Ended("->  w@test: OK\n    autoscale now max=2 min=2\n"))
        #expect(try eventually { try project.poolChildren.count == 2 })
        try project.expect(
            "celery celeryd -c2 --autoscale 3,1",
            Ended(errors: "celery celeryd: --concurrency and --autoscale contradict each other\nhint: give --autoscale MAX,MIN alone\n", status: 64))
        #expect(try project.run("celery celeryd --autoscale 1,3").status == 64)
    }

    @Test func `asks over RabbitMQ, and the queues of the control go with their connections`() throws {
        let place = try RabbitMQPlace()
        try place.project.startWorker("-n w@test", with: place.variables())
        let start = ContinuousClock.now
        #expect(try place.run("celery inspect -d w@test -t 60 ping") == Ended("->  w@test: OK\n    pong\n"))
        #expect(ContinuousClock.now - start < .seconds(30).onThisMachine)
        // Without a name it takes a second, and what has come by then.
        #expect(try eventually { try place.run("celery inspect ping") == Ended("->  w@test: OK\n    pong\n") })
        #expect(try place.run("celery control -d w@test -t 60 add_consumer images").output == "->  w@test: OK\n    add consumer images\n")
        #expect(try place.run("celery apply demo.tasks.add 2 3 --queue images --wait").output == "5\n")
        #expect(try place.run("celery control -d w@test -t 60 cancel_consumer images").status == 0)
        let queues = try place.server.api.expect("GET", "queues/\(place.vhost)")
        #expect(queues.contains("w@test.celery.pidbox"))
        // The server takes a moment to see them go.
        #expect(try eventually { try !place.server.api.expect("GET", "queues/\(place.vhost)").contains("reply.celery.pidbox") })
        let queue = try place.server.api.expect("GET", "queues/\(place.vhost)/w@test.celery.pidbox")
        for fact in [#""auto_delete":true"#, #""exclusive":true"#, #""durable":false"#, #""x-max-length":1000"#] { #expect(queue.contains(fact), "\(fact)") }
        #expect(try place.run("celery control -d w@test -t 60 shutdown").output == "->  w@test: OK\n")
        #expect(try eventually { try !place.server.api.expect("GET", "queues/\(place.vhost)").contains("w@test.celery.pidbox") })
    }
}
