import CeleryCore
import Fixtures
import Testing

/// `celery list`.
@Suite(.blocking) struct ListTests {
    private func objects(_ project: Project, _ words: String) throws -> [JSON] {
        try project.run("celery list --json \(words)").lines.map { try JSON(parsing: $0) }
    }

    private func ids(_ project: Project, _ words: String) throws -> [String] {
        try objects(project, words).compactMap { $0["id"]?.stringValue }
    }

    @Test func `lists what waits, runs and has ended, the newest first`() throws {
        let project = try Project()
        try project.task("wait.sh", "#!/bin/sh\nuntil [ -e go ]; do sleep 0.02; done\n")
        try project.task("bad.sh", "#!/bin/sh\necho 'no disk' >&2; exit 3\n")
        let good = try project.apply("demo.tasks.add 1 2")
        let bad = try project.apply("demo.tasks.bad a.jpg")
        #expect(try project.run("celery celeryd --burst -q -c 1 -n me@here").status == 0)
        try project.startWorker("-c 1 -n me@here")
        let running = try project.apply("demo.tasks.wait")
        #expect(try eventually { try project.state(of: running) == "STARTED" })
        let later = try project.apply("demo.tasks.add 3 --countdown 1h")
        let queued = try project.apply("demo.tasks.add 'b c' size=XL -Q other")
        let lines = try project.run("celery list").lines.map { $0.split(separator: "\t", omittingEmptySubsequences: false).map(String.init) }
        try #require(lines.map { $0[0] } == [queued, later, running, bad, good])
        try #require(lines.allSatisfy { $0.count > 7 })
        #expect(lines.map { $0[1] } == ["QUEUED", "SCHEDULED", "STARTED", "FAILURE", "SUCCESS"])
        #expect(lines.map { $0[2] } == ["add", "add", "wait", "bad", "add"].map { "demo.tasks.\($0)" })
        #expect(lines.map { $0[3] } == ["other", "celery", "celery", "celery", "celery"])
        #expect(lines.map { $0[6] } == ["-", "-", "me@here", "me@here", "me@here"])
        #expect(lines[0][7] == "'b c' size=XL" && lines[1][7] == "3" && lines[4][7] == "1 2")
        #expect(lines[3][7].contains("3"))
        #expect(try project.run("celery ls -n 2").lines.count == 2)
        try project.write("", to: "go")
        try project.stopWorker()
    }

    @Test func `filters by state, task, queue, time and text`() throws {
        let project = try Project()
        try project.task("bad.sh", "#!/bin/sh\nexit 3\n")
        try project.task("show.sh", "#!/bin/sh\necho \"$*\"\n")
        let good = try project.apply("demo.tasks.show 1 größe=XL size=XL")
        let bad = try project.apply("demo.tasks.bad a.jpg password=hunter2")
        #expect(try project.run("celery celeryd --burst -q -c 1").status == 0)
        let waiting = try project.apply("demo.tasks.show b.jpg -Q other")
        #expect(try ids(project, "--failed") == [bad])
        #expect(try ids(project, "--state success,queued") == [waiting, good])
        #expect(try ids(project, "--state finished --task '*.show'") == [good])
        #expect(try ids(project, "--task demo.tasks.show") == [waiting, good])
        #expect(try ids(project, "--queue other") == [waiting])
        #expect(try ids(project, "--since 1h") == [waiting, bad, good])
        #expect(try ids(project, "--until 1h") == [])
        #expect(try ids(project, "--grep .jpg") == [waiting, bad])
        #expect(try ids(project, "--grep größe=XL") == [good])
        #expect(try ids(project, "--grep size=XL") == [good])
        // What is not shown is not found either, by someone who tries one letter after the other.
        #expect(try ids(project, "--grep hunter2") == [])
        #expect(try ids(project, "--grep nothing") == [])
        try project.expect("celery list --grep nothing", Ended(errors: "celery list: no matching tasks\n"))
        try project.expect("celery list --state done", Ended(
            errors: """
                celery list: 'done' is not a state (for --state); write some of QUEUED, SCHEDULED, STARTED, RETRY, SUCCESS, FAILURE, REVOKED, separated by commas

                """, status: 64))
    }

    @Test func `as JSON it has arguments, times and results`() throws {
        let project = try Project()
        let id = try project.apply("demo.tasks.add 1.5 2 name=x api_token=hush -- --password abc")
        #expect(try project.run("celery celeryd --burst -q -n me@here").status == 0)
        let object = try #require(try objects(project, "").first)
        #expect(object["id"]?.stringValue == id && object["task"] == "demo.tasks.add")
        #expect(object["args"] == [1.5, 2, "--password", "***"])
        #expect(object["kwargs"] == ["name": "x", "api_token": "***"])
        #expect(object["worker"] == "me@here" && object["attempt"] == 1 && object["retries"] == 0)
        for key in ["submitted", "started", "done", "changed"] { #expect(object[key]?.stringValue?.hasPrefix("20") == true) }
        #expect(object["duration"]?.doubleValue != nil)
    }

    @Test func `commands are listed as they were typed, without their surroundings`() throws {
        let project = try Project()
        _ = try project.run("celery run sh -c 'echo \"$0\"' 'two words' --password hush").text
        let shown = "sh -c 'echo \"$0\"' 'two words' --password '***'"
        func details() throws -> String? { try project.run("celery list").lines.first?.split(separator: "\t").last.map(String.init) }
        #expect(try details() == shown)
        #expect(try objects(project, "").first?["command"]?.stringValue == shown)
        #expect(try project.run("celery celeryd --burst -q -l CRITICAL").status == 0)
        #expect(try details() == shown)
        #expect(try objects(project, "--state success").first?["command"]?.stringValue == shown)
        _ = try project.apply("demo.tasks.add 1 2")
        #expect(try objects(project, "").first.map { $0["command"] == nil } == true)
    }

    @Test func `arguments over the limit are not kept, nor any where the limit is 0`() throws {
        let project = try Project()
        let variables = ["CELERY_KEEP_ARGUMENTS": "0"]
        _ = try project.apply("demo.tasks.add 1 2")
        #expect(try project.run("celery celeryd --burst -q", with: variables).status == 0)
        let object = try #require(try objects(project, "").first)
        #expect(object["args"] == .null && object["task"] == "demo.tasks.add" && object["submitted"] != .null)
    }

    @Test func `where results cannot be listed, ended tasks are those that events tell of`() throws {
        let project = try Project()
        try project.task("bad.sh", "#!/bin/sh\nexit 3\n")
        let options = "--result-backend db+sqlite:///results.db"
        let good = try project.apply("demo.tasks.add 1 2 \(options)")
        let bad = try project.apply("demo.tasks.bad \(options)")
        #expect(try project.run("celery celeryd --burst -q -c1 -E -n w@h \(options)").status == 0)
        let list = try project.run("celery list \(options)")
        let lines = list.lines.map { $0.split(separator: "\t").map(String.init) }
        #expect(lines.map { Array($0.prefix(3)) } == [[bad, "FAILURE", "demo.tasks.bad"], [good, "SUCCESS", "demo.tasks.add"]], "\(list)")
        #expect(lines.first?.last == "CalledProcessError(3, 'demo.tasks.bad')" && lines.allSatisfy { $0.dropFirst(6).first == "w@h" }, "\(list)")
        #expect(list.errors.hasSuffix(" cannot list tasks that have ended, except those of which workers with -E have told within an hour, or since --since\n"))
        #expect(try project.run("celery list --failed --grep 'Error(3' \(options)").lines.count == 1)
        #expect(try project.run("celery list --until 1h \(options)").output == "")
    }

    @Test func `on RabbitMQ, too, events tell of ended tasks whose results go to their client`() throws {
        let place = try RabbitMQPlace()
        let variables = place.variables().merging(["CELERY_RESULT_BACKEND": "rpc://"]) { $1 }
        try place.project.startWorker("-E -n me@here", with: variables)
        let id = try place.run("celery apply demo.tasks.add 2 3", with: variables).text
        #expect(try eventually { try place.run("celery list", with: variables).output.hasPrefix("\(id)\tSUCCESS\tdemo.tasks.add\t") })
        try place.project.stopWorker()
    }

    @Test func `on RabbitMQ lists what has ended and what workers hold, and says that it cannot list what else waits`() throws {
        let place = try RabbitMQPlace()
        try place.project.task("wait.sh", "#!/bin/sh\nuntil [ -e go ]; do sleep 0.02; done\n")
        let ended = try place.run("celery apply demo.tasks.add 2 3").text
        #expect(try place.run("celery celeryd --burst -q").status == 0)
        try place.project.startWorker("-n me@here", with: place.variables())
        let running = try place.run("celery apply demo.tasks.wait a.jpg password=hush").text
        // The worker keeps messages that are due within a minute.
        let later = try place.run("celery apply demo.tasks.wait later --countdown 50").text
        // The worker has a second to tell what it holds.
        var list = Ended()
        var byID: [String: [String]] = [:]
        let isTold = try eventually {
            list = try place.run("celery list")
            byID = Dictionary(list.lines.map { $0.split(separator: "\t").map(String.init) }.map { ($0[0], $0) }, uniquingKeysWith: { $1 })
            return [running, later, ended].map { byID[$0]?.dropFirst().first } == ["STARTED", "SCHEDULED", "SUCCESS"]
        }
        #expect(isTold, "\(list)")
        #expect(list.lines.count == 3, "\(list)")
        #expect([running, later, ended].map { byID[$0]?.dropFirst(7).first } == ["a.jpg 'password=***'", "later", "2 3"], "\(list)")
        #expect([running, later].map { byID[$0]?.dropFirst(3).first } == ["celery", "celery"], "\(list)")
        #expect(try eventually { try place.run("celery list --grep a.jpg --state running").lines.count == 1 })
        #expect(list.errors.hasSuffix(" cannot list waiting tasks, except those that workers have taken; celery queues shows how many there are\n"))
        #expect(try place.run("celery list --failed") == Ended(errors: "celery list: no matching tasks\n"))
        try place.project.write("", to: "go")
        try place.project.stopWorker()
    }
}
