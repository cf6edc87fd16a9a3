import Arguments
import CeleryCore
import Configuration
import Tasks
import Testing

@testable import Commands

@Suite struct ProjectPartsTests {
    @Test func `a new project has settings that can be read and tasks without problems`() throws {
        let files = ProjectTemplate.files("shop")
        #expect(files.map(\.path) == [
            "celery.toml", "shop/tasks/add.sh", "shop/tasks/square.sh", "shop/tasks/shout.sh", "shop/tasks/flaky.sh",
        ])
        #expect(files.map(\.isExecutable) == [false, true, true, true, true])
        for file in files.dropFirst() {
            let (options, problems) = TaskOptionLine.options(in: Array(file.text.utf8), file: file.path)
            #expect(problems.isEmpty)
            #expect(file.text.hasPrefix("#!/bin/sh\n"))
            if file.path.hasSuffix("flaky.sh") { #expect(options.retryDelay == .seconds(1)) }
        }
        #expect(files[0].text.contains("\nINSTALLED_APPS = [\"shop\"]\n"))
    }

    @Test func `lists when a periodic task is due, as a file would write it`() throws {
        let lines = [
            "crontab=\"*/5 1,2 * * mon\" timezone=Europe/Berlin missed=skip overlap=queue", "queue=q every=90s phase=5s jitter=10s",
        ]
        for line in lines {
            let (options, problems) = TaskOptionLine.options(in: Array("# celery: \(line)".utf8), file: "f")
            #expect(problems.isEmpty)
            let list = TaskOptionList(options).pairs.map { "\($0.0)=\(TaskOptionList.quoted($0.1))" }
            #expect(list.joined(separator: " ") == line)
        }
    }

    @Test func `lists options that differ from the defaults, as a file would write them`() {
        #expect(TaskOptionList(TaskOptions()).pairs.isEmpty)
        let options = TaskOptions(
            maxRetries: nil, retryDelay: .milliseconds(1_500), timeLimit: .seconds(60), softTimeLimit: .seconds(50), queue: "q",
            priority: 5, ignoreResult: true, acknowledgement: .early, crashLimit: 2, maxOutputBytes: 1_024)
        let list = TaskOptionList(options).pairs.map { "\($0.0)=\($0.1)" }
        #expect(list == [
            "max_retries=unlimited", "retry_delay=1.5", "time_limit=60", "soft_time_limit=50", "queue=q", "priority=5",
            "ignore_result=true", "ack=early", "crash_limit=2", "max_output=1024",
        ])
        // What is listed reads back as what it lists.
        let (read, problems) = TaskOptionLine.options(in: Array("# celery: \(list.joined(separator: " "))".utf8), file: "x")
        #expect(problems.isEmpty)
        #expect(read == options)
    }

    @Test func `the banner names at most twenty tasks`() throws {
        var registry = TaskRegistry()
        func banner() -> String? {
            WorkerBanner(
                settings: Settings(projectFolder: "/p"), identity: WorkerIdentity(id: "i", name: "w@h", pid: 1, process: ""),
                concurrency: 4, broker: "sqlite:///b", store: "sqlite:///s", registry: registry).lines.last
        }
        #expect(banner() == "    . Tasks -> none found in /p")
        for number in 1...22 {
            let name = "t\(number < 10 ? "0" : "")\(number)"
            try registry.register(TaskDefinition(name: name, options: TaskOptions(), kind: .program(path: "/\(name)"), source: name))
        }
        #expect(banner()?.hasSuffix("t19, t20, and 2 more") == true)
    }

    @Test func `every setting and every option of a task is in the manual`() {
        let page = SettingsPage.page.render(in: CeleryTable.table)
        for name in SettingsKey.all.flatMap(\.names) { #expect(page.contains("\\fB\(name)\\fR"), "\(name)") }
        for option in TaskOptionTable.rows(at: .optionLine) { #expect(page.contains("\\fB\(option.name)="), "\(option.name)") }
    }
}
