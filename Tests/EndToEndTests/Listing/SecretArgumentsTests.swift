import CeleryCore
import Fixtures
import Testing

/// The values of secret names in arguments (CELERY_REDACT), and arguments that are left out (CELERY_KEEP_ARGUMENTS=0): what shows
/// arguments obeys, and the task gets them all the same.
@Suite(.blocking) struct SecretArgumentsTests {
    private static let arguments = #"--args '["--token=s3cr3t", "--api-key", "s3cr3t", "plain-word"]' --kwargs '{"password": "s3cr3t", "env": {"DB_SECRET": "s3cr3t"}}'"#
    private static let wait = "#!/bin/sh\nprintf '%s\\n' \"$@\" >\"got.$CELERY_TASK_ID\"\nuntil [ -e go ]; do sleep 0.02; done\n"

    /// All that commands show of tasks, and the worker's log.
    private func shown(_ project: Project, _ variables: [String: String], _ ids: [String], dead: String, asksWorkers: Bool) throws -> String {
        let all = ids.joined(separator: " ")
        var commands = ["status -l \(all)", "list", "explain \(all)", "events", "dead list", "dead show \(dead)", "retry --dry-run \(dead)"]
        if asksWorkers {
            commands += ["status"] + ["active", "reserved", "scheduled", "query_task \(all)", "conf"].map { "inspect -d me@here \($0)" }
        }
        var text = ""
        for command in commands.flatMap({ [$0, "\($0) --json"] }) {
            let ended = try project.run("celery \(command)", with: variables)
            text += "$ celery \(command)\n\(ended.output)\(ended.errors)"
        }
        return text + project.log
    }

    /// The lines with a text, for the report of a failing test.
    private func lines(of text: String, with part: String) -> [String] {
        text.split(separator: "\n").map(String.init).filter { $0.contains(part) }
    }

    /// A task that runs, one that waits for its time, and a dead letter; what is shown of them.
    private func story(_ project: Project, _ variables: [String: String], more: [String] = []) throws -> String {
        try project.task("wait.sh", Self.wait)
        func apply(_ words: String) throws -> String { try project.run("celery apply \(words) \(Self.arguments) 2>/dev/null", with: variables).text }
        let dead = try apply("shop.sell")
        let running = try apply("demo.tasks.wait")
        let later = try apply("demo.tasks.wait --countdown 1h")
        try project.startWorker("-E -n me@here", with: variables)
        #expect(try eventually { try project.run("celery dead list", with: variables).lines.count == 1 })
        #expect(try eventually { try project.run("celery status", with: variables).output.contains(running) })
        #expect(try eventually { try project.run("celery events --type task-received", with: variables).output.contains(running) })
        #expect(eventually { project.read("got.\(running)").contains("plain-word") })
        let text = try shown(project, variables, [running, later] + more, dead: dead, asksWorkers: true)
        #expect(project.read("got.\(running)").components(of: "s3cr3t") == 4, "the task gets the values: \(project.read("got.\(running)"))")
        try project.write("", to: "go")
        #expect(try project.run("celery status --wait \(([running] + more).joined(separator: " "))", with: variables).status == 0)
        try project.stopWorker()
        return text + (try shown(project, variables, [running] + more, dead: dead, asksWorkers: false))
    }

    @Test func `secret values are shown nowhere, also of commands`() throws {
        let project = try Project()
        let variables = ["CELERY_SEND_TASK_SENT_EVENT": "1"]
        let command = "sh -c 'until [ -e go ]; do sleep 0.02; done' --password=s3cr3t --token s3cr3t plain-word"
        let submitted = try JSON(parsing: project.run("celery run --json --env DB_PASSWORD=s3cr3t -- \(command)", with: variables).text)
        #expect(submitted["command"]?.arrayValue?.suffix(4) == ["--password=***", "--token", "***", "plain-word"])
        let id = try #require(submitted["id"]?.stringValue)
        let text = try story(project, variables, more: [id])
        #expect(!text.contains("s3cr3t"), "\(lines(of: text, with: "s3cr3t"))")
        for part in ["--token=***", "'password': '***'", "\"password\":\"***\"", "plain-word", "--password=***' --token '***' plain-word"] {
            #expect(text.contains(part), "\(part)")
        }
        #expect(project.log.contains("celery.run: sh -c"))
        // The list can be emptied for one command.
        #expect(try project.run("celery list", with: ["CELERY_REDACT": ","]).output.contains("--token=s3cr3t"))
    }

    @Test func `arguments that are left out are shown nowhere`() throws {
        let project = try Project()
        let variables = ["CELERY_SEND_TASK_SENT_EVENT": "1", "CELERY_KEEP_ARGUMENTS": "0"]
        let id = try project.run("celery run -- sh -c 'until [ -e go ]; do sleep 0.02; done' plain-word", with: variables).text
        let text = try story(project, variables, more: [id])
        for part in ["s3cr3t", "plain-word", "***"] { #expect(!text.contains(part), "\(lines(of: text, with: part))") }
        #expect(text.contains(#""args":null,"kwargs":null"#))
    }

    @Test func `on RabbitMQ, messages describe their arguments without secret values`() throws {
        let place = try RabbitMQPlace()
        let variables = place.variables().merging(["CELERY_SEND_TASK_SENT_EVENT": "1"]) { $1 }
        _ = try place.run("celery apply demo.tasks.add -Q other \(Self.arguments) 2>/dev/null").text
        let got = try place.server.api.expect(
            "POST", "queues/\(place.vhost)/other/get", body: #"{"count": 1, "ackmode": "ack_requeue_true", "encoding": "auto"}"#)
        let message = try #require(try JSON(parsing: got).arrayValue?.first)
        #expect(message["properties"]?["headers"]?["argsrepr"] == "('--token=***', '--api-key', '***', 'plain-word')")
        #expect(message["properties"]?["headers"]?["kwargsrepr"] == "{'password': '***', 'env': {'DB_SECRET': '***'}}")
        #expect(message["payload"]?.stringValue?.components(of: "s3cr3t") == 4)
        let text = try story(place.project, variables)
        #expect(!text.contains("s3cr3t"), "\(lines(of: text, with: "s3cr3t"))")
        #expect(text.contains("--token=***") && text.contains("'password': '***'"))
    }
}

extension String {
    fileprivate func components(of part: String) -> Int { ranges(of: part).count }
}
