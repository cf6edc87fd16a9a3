import CeleryCore
import Fixtures
import Testing

/// `celery retry`.
@Suite(.blocking) struct SendingAgainTests {
    private func pairs(_ project: Project, _ words: String) throws -> [[String]] {
        try project.run("celery retry \(words)").lines.map { $0.split(separator: "\t").map(String.init) }
    }

    @Test func `sends a task again with its arguments and options, under a new id that knows the old one`() throws {
        let project = try Project()
        try project.task("show.sh", "#!/bin/sh\necho \"$*\" >>ran; cat >request\n[ -e mended ]\n")
        let old = try project.apply("demo.tasks.show 'a b' 1.5 size=XL --priority 3 --header batch=7")
        #expect(try project.run("celery celeryd --burst -q").status == 0)
        #expect(try project.state(of: old) == "FAILURE")
        try project.write("", to: "mended")
        let pair = try #require(try pairs(project, old).first)
        try #require(pair.count == 2 && pair[0] == old && pair[1] != old)
        #expect(try project.run("celery celeryd --burst -q").status == 0)
        #expect(try project.state(of: pair[1]) == "SUCCESS")
        #expect(try project.state(of: old) == "FAILURE")
        #expect(project.read("ran") == "a b 1.5 --size XL\na b 1.5 --size XL\n")
        let request = try JSON(parsing: project.read("request"))
        #expect(request["id"]?.stringValue == pair[1] && request["retries"] == 0)
        let listed = try JSON(parsing: try project.run("celery list --json -n 1").text)
        #expect(listed["id"]?.stringValue == pair[1])
    }

    @Test func `sends again what a filter selects, or only says so`() throws {
        let project = try Project()
        try project.task("bad.sh", "#!/bin/sh\nexit 3\n")
        let bad = try (1...3).map { try project.apply("demo.tasks.bad \($0)") }
        _ = try project.apply("demo.tasks.add 1")
        #expect(try project.run("celery celeryd --burst -q -c 1").status == 0)
        let dry = try pairs(project, "--failed --dry-run")
        #expect(Set(dry.map { $0[0] }) == Set(bad) && dry.allSatisfy { $0.dropFirst().first == "demo.tasks.bad" })
        #expect(try project.run("celery queues").output == "")
        #expect(try pairs(project, "--failed --grep 2").map { $0[0] } == [bad[1]])
        #expect(try Set(pairs(project, "--failed --task '*.bad' --since 1h --rate 100/s").map { $0[0] }) == Set(bad))
        #expect(try project.run("celery list --state queued --json").lines.count == 4)
    }

    @Test func `more than fit into memory at a time are sent once each, in pieces`() throws {
        let project = try Project()
        // They end at once, since they have expired.
        let lines = (1...1_200).map { #"{"task":"demo.tasks.add","args":[\#($0)],"expires":0.001}"# }.joined(separator: "\n")
        let sent = try project.run("celery apply --batch -", input: lines).lines
        #expect(try project.run("celery celeryd --burst -q -l error").status == 0)
        let again = try pairs(project, "--state revoked")
        #expect(sent.count == 1_200 && again.count == 1_200 && Set(again.map { $0[0] }) == Set(sent))
        #expect(try project.run("celery queues --json").output.contains(#""ready":1200"#))
    }

    @Test func `refuses what has not ended, what nobody knows, and what was not kept`() throws {
        let project = try Project()
        let waiting = try project.apply("demo.tasks.add 1 -Q other")
        let lost = try project.apply("demo.tasks.add 2")
        #expect(try project.run("celery celeryd --burst -q -Q celery", with: ["CELERY_KEEP_ARGUMENTS": "0"]).status == 0)
        try project.expect("celery retry \(waiting) nobody \(lost)", Ended(
            errors: """
                celery retry: \(waiting): not sent: has not ended: PENDING
                celery retry: nobody: not sent: no such task id
                celery retry: \(lost): not sent: its arguments are not kept

                """, status: 127))
        let usage = "celery retry: say which tasks to send again: ids, --failed, or --state\n"
        #expect(try project.run("celery retry --task x").errors.hasPrefix(usage))
        #expect(try project.run("celery retry").status == 64)
        #expect(try project.run("celery retry --state STARTED").errors.hasPrefix(
            "celery retry: tasks in state STARTED have not ended; select SUCCESS, FAILURE or REVOKED\n"))
        #expect(try project.run("celery retry --failed \(lost)").status == 64)
        #expect(try project.run("celery queues").lines.count == 2)
    }

    @Test func `the rest of a chain and callbacks come again under new ids`() throws {
        let project = try Project()
        try project.task("once.sh", "#!/bin/sh\n[ -e mended ] && echo \"$1\"\n")
        try project.task("note.sh", "#!/bin/sh\necho \"$1\" >>noted; echo \"$1\"\n")
        let old = try project.apply("demo.tasks.once 7 --link demo.tasks.note")
        #expect(try project.run("celery celeryd --burst -q").status == 0)
        try project.write("", to: "mended")
        #expect(try pairs(project, old).count == 1)
        #expect(try project.run("celery celeryd --burst -q").status == 0)
        #expect(project.read("noted") == "7\n")
        // Again, although its callback has a result by now.
        #expect(try pairs(project, old).count == 1)
        #expect(try project.run("celery celeryd --burst -q").status == 0)
        #expect(project.read("noted") == "7\n7\n")
    }

    @Test func `a command comes after what it came after, or after what replaces that`() throws {
        let project = try Project()
        let first = try project.run("celery run sh -c 'test -e mended && echo first >>order'").text
        let second = try project.run("celery run --after \(first) sh -c 'echo second >>order'").text
        #expect(try project.run("celery celeryd --burst -q -l CRITICAL").status == 0)
        #expect(try project.state(of: second) == "REVOKED")
        // Alone it has nothing to come after but the failed one.
        let alone = try project.run("celery retry \(second) | cut -f2").text
        #expect(try project.run("celery celeryd --burst -q -l CRITICAL").status == 0)
        #expect(try project.state(of: alone) == "REVOKED")
        try project.write("", to: "mended")
        // In the order of celery list, the newest first.
        let again = try project.run("celery retry \(second) \(first) | cut -f2").lines
        #expect(again.count == 2)
        try project.startWorker("-c 2")
        #expect(try project.run("celery status --wait \(again.joined(separator: " "))").status == 0)
        #expect(project.read("order") == "first\nsecond\n")
    }
}
