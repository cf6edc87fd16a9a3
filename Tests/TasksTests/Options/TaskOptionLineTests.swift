import Fixtures
import Schedules
import CeleryCore
import Testing

@testable import Tasks

@Suite struct TaskOptionLineTests {
    private func read(_ text: String) -> (options: TaskOptions, problems: [String]) {
        let (options, problems) = TaskOptionLine.options(in: Array(text.utf8), file: "a/tasks/t.sh")
        return (options, problems.map(\.description))
    }

    @Test func `without an option line the defaults are Celery's`() {
        let options = read("#!/bin/sh\necho hello\n").options
        #expect(options == TaskOptions())
        #expect(options.maxRetries == 3)
        #expect(options.retryDelay == .seconds(180))
        #expect(options.acknowledgement == .late)
        #expect(options.timeLimit == nil)
    }

    @Test func `every option has its place`() {
        let (options, problems) = read(
            """
            #!/bin/sh
            # celery: max_retries=5 retry_delay=10m time_limit=2h soft_time_limit=90
            # celery: queue=images priority=9 ignore_result=true ack=early crash_limit=1 max_output=64k
            """)
        #expect(problems.isEmpty)
        #expect(
            options
                == TaskOptions(
                    maxRetries: 5, retryDelay: .seconds(600), timeLimit: .seconds(7_200), softTimeLimit: .seconds(90),
                    queue: "images", priority: 9, ignoreResult: true, acknowledgement: .early, crashLimit: 1,
                    maxOutputBytes: 65_536))
    }

    @Test(arguments: [
        "# celery: queue=q", "#celery:queue=q", "// celery: queue=q", "/// celery: queue=q", "-- celery: queue=q",
        "; celery: queue=q", ";; celery: queue=q", "% celery: queue=q", "\" celery: queue=q", "\t  # celery: queue=q,",
        "# celery: queue=q\r",
    ])
    func `the comment may be any language's`(line: String) {
        let (options, problems) = read("#!x\n" + line + "\n")
        #expect(options.queue == "q")
        #expect(problems.isEmpty)
    }

    @Test(arguments: [
        "celery: queue=q", "echo # celery: queue=q", "/ celery: queue=q", "- celery: queue=q", "# celeryd: queue=q",
        "# about celery: queue=q", "* celery: queue=q",
    ])
    func `what is no such comment is passed over`(line: String) {
        let (options, problems) = read(line)
        #expect(options == TaskOptions())
        #expect(problems.isEmpty)
    }

    @Test func `retries without end are called unlimited`() {
        #expect(read("# celery: max_retries=unlimited").options.maxRetries == nil)
        #expect(read("# celery: max_retries=0").options.maxRetries == 0)
    }

    @Test func `only the first fifty lines count`() {
        let line = "# celery: queue=q\n"
        #expect(read(String(repeating: "\n", count: 49) + line).options.queue == "q")
        #expect(read(String(repeating: "\n", count: 50) + line).options.queue == nil)
    }

    @Test func `only the first eight KiB count`() {
        let line = "\n# celery: queue=q"
        let before = String(repeating: "x", count: 8_192 - line.utf8.count)
        #expect(read(before + line).options.queue == "q")
        #expect(read(before + "xxxxxxxxxx" + line).options.queue == nil)
    }

    @Test func `a binary has no option line`() {
        let (options, problems) = read("\u{7F}ELF\u{0}\n# celery: queue=q frobnicate=1\n")
        #expect(options == TaskOptions())
        #expect(problems.isEmpty)
    }

    @Test(arguments: [
        ("max_retrys=3", "a/tasks/t.sh:2: unknown option 'max_retrys'; did you mean 'max_retries'?"),
        ("default_delay=3", "a/tasks/t.sh:2: unknown option 'default_delay'"),
        ("rate_limit=10/d", "a/tasks/t.sh:2: rate_limit must be a rate such as 10/s, 100/m or 5/h, or unlimited, not \"10/d\""),
        ("hello", "a/tasks/t.sh:2: 'hello' is not an option; write key=value"),
        ("=3", "a/tasks/t.sh:2: '=3' is not an option; write key=value"),
        ("max_retries=abc", "a/tasks/t.sh:2: max_retries must be a whole number or `unlimited`, not \"abc\""),
        ("max_retries=-1", "a/tasks/t.sh:2: max_retries must be 0 or more, not -1"),
        ("retry_delay=soon", "a/tasks/t.sh:2: retry_delay must be a length of time such as 90s or 10m, not \"soon\""),
        ("time_limit=0", "a/tasks/t.sh:2: time_limit must be more than 0"),
        ("priority=256", "a/tasks/t.sh:2: priority must be from 0 to 255, not 256"),
        ("ignore_result=maybe", "a/tasks/t.sh:2: ignore_result must be true or false, not \"maybe\""),
        ("ack=never", "a/tasks/t.sh:2: ack must be late or early, not \"never\""),
        ("crash_limit=0", "a/tasks/t.sh:2: crash_limit must be from 1 to 1000, not 0"),
        ("max_output=0", "a/tasks/t.sh:2: max_output must be a number of bytes such as 65536 or 16m, not \"0\""),
        ("queue=", "a/tasks/t.sh:2: queue must be the name of a queue, up to 255 bytes without spaces or commas, not \"\""),
        ("queue=a queue=b", "a/tasks/t.sh:2: queue was already given in line 2"),
        (
            "time_limit=10 soft_time_limit=10",
            "a/tasks/t.sh:2: soft_time_limit must be less than time_limit, or the task is killed before it is told to stop"
        ),
    ])
    func `a mistake is named with its file and line`(words: String, problem: String) {
        #expect(read("#!/bin/sh\n# celery: \(words)\n").problems == [problem])
    }

    @Test func `says what is tried again, how the wait grows, and when that ends`() {
        let (options, problems) = read(
            "#!/bin/sh\n# celery: autoretry=1,7,TimeoutError retry_backoff=yes retry_backoff_max=10m retry_jitter=full retry_until=1h\n# celery: max_memory=64m\n")
        #expect(problems.isEmpty)
        #expect(
            options
                == TaskOptions(
                    autoretryFor: [1, 7, "TimeoutError"], retryBackoff: .seconds(1), retryBackoffMax: .seconds(600), retryJitter: true,
                    retryUntil: .seconds(3_600), maxMemoryBytes: 64 << 20))
        #expect(read("# celery: retry_backoff=0.5 retry_jitter=none").options == TaskOptions(retryBackoff: .milliseconds(500), retryJitter: false))
    }

    @Test(arguments: ["autoretry=1,7,SIGTERM", "autoretry=1, 7,SIGTERM", "autoretry=\"1 7 SIGTERM\"", "autoretry_for=1,7,SIGTERM queue=q"])
    func `a list goes on after a comma`(words: String) {
        let (options, problems) = read("# celery: \(words)")
        #expect(problems.isEmpty)
        #expect(options.autoretryFor == [.status(1), .status(7), .signal(15)])
    }

    @Test func `what follows a list with a key of its own, or after a blank, is not of it`() {
        #expect(read("# celery: autoretry=1,queue=q").options == TaskOptions(queue: "q", autoretryFor: [1]))
        #expect(read("# celery: autoretry=1 7").problems == ["a/tasks/t.sh:1: '7' is not an option; write key=value"])
        #expect(read("# celery: queue=a,b").problems == ["a/tasks/t.sh:1: 'b' is not an option; write key=value"])
    }

    @Test(arguments: [
        ("autoretry=", "a/tasks/t.sh:2: autoretry names nothing"),
        ("autoretry=0", "a/tasks/t.sh:2: autoretry must be exit statuses from 1 to 255, signals such as SIGTERM, names of errors, or any, not \"0\""),
        ("autoretry=TimeLimitExceded", "a/tasks/t.sh:2: autoretry names 'TimeLimitExceded'; did you mean 'TimeLimitExceeded'?"),
        ("autoretry=1 autoretry_for=2", "a/tasks/t.sh:2: autoretry was already given in line 2"),
        ("retry_backoff=soon", "a/tasks/t.sh:2: retry_backoff must be a length of time such as 90s or 10m, yes or no, not \"soon\""),
        ("retry_backoff=0", "a/tasks/t.sh:2: retry_backoff must be more than 0"),
        ("retry_jitter=some", "a/tasks/t.sh:2: retry_jitter must be full or none, not \"some\""),
        ("retry_until=tomorrow", "a/tasks/t.sh:2: retry_until must be a length of time such as 90s or 10m, not \"tomorrow\""),
        ("max_memory=0", "a/tasks/t.sh:2: max_memory must be a number of bytes such as 65536 or 16m, not \"0\""),
        ("countdown=5", "a/tasks/t.sh:2: countdown is allowed in the command line of celery apply or a line of a batch, not in the option line of a task"),
        ("autoretr=1", "a/tasks/t.sh:2: unknown option 'autoretr'; did you mean 'autoretry'?"),
    ])
    func `a mistake in what is said of retries and memory is named`(words: String, problem: String) {
        #expect(read("#!/bin/sh\n# celery: \(words)\n").problems == [problem])
    }

    @Test func `each mistake is named`() {
        #expect(read("# celery: a=1 queue=q b=2\n# celery: c").problems.count == 3)
    }

    @Test(arguments: TaskOptionTable.rows(at: .optionLine).map(\.name))
    func `a default that is written changes nothing`(name: String) throws {
        let option = try #require(TaskOptionTable.named(name))
        #expect(option.help.hasSuffix("."))
        guard case .value(let text) = option.fallback else { return }
        let (options, problems) = read("# celery: \(name)=\(text)")
        #expect(problems.isEmpty)
        #expect(options == TaskOptions())
    }

    @Test func `a program says when it is due, with quotes around what has blanks and commas`() throws {
        let (options, problems) = read("#!/bin/sh\n# celery: crontab=\"*/5 8-17 * * mon,fri\" timezone=UTC\n# celery: missed='skip', queue=q\n")
        #expect(problems.isEmpty)
        let periodic = try #require(options.periodic)
        #expect(periodic.schedule.description == "*/5 8-17 * * mon,fri UTC")
        #expect(periodic.missed == .skip && options.queue == "q")
        #expect(read("# celery: every=30s").options.periodic?.schedule.description == "every 30s")
        #expect(read("# celery: queue=q").options.periodic == nil)
    }

    @Test(arguments: [
        ("crontab=\"* * * * *", "a/tasks/t.sh:2: a quotation mark is unbalanced"),
        ("every=soon crontab='* * * * *", "a/tasks/t.sh:2: a quotation mark is unbalanced"),
        ("every=\"\"", "a/tasks/t.sh:2: every must be a length of time such as 90s or 10m, not \"\""),
        ("crontab=''", "a/tasks/t.sh:2: is not a valid periodic task: "), ("every=0.5", "a/tasks/t.sh:2: is not a valid periodic task: "),
        ("every=5 every=5", "a/tasks/t.sh:2: every was already given in line 2"),
        ("every=soon", "a/tasks/t.sh:2: every must be a length of time such as 90s or 10m, not \"soon\""),
        ("missed=once", "a/tasks/t.sh:2: is not a valid periodic task: no schedule is given"),
        ("every=5 crontab=@daily", "a/tasks/t.sh:2: is not a valid periodic task: both every and crontab are given"),
        ("evry=5", "a/tasks/t.sh:2: unknown option 'evry'; did you mean 'every'?"),
    ])
    func `a schedule that makes no sense is named with its line`(words: String, problem: String) {
        let problems = read("#!/bin/sh\n# celery: \(words)\n").problems
        #expect(problems.count == 1 && problems[0].hasPrefix(problem), "\(problems)")
    }

    @Test func `no periodic option is called as another option is`() {
        #expect(Set(TaskOptionTable.rows(at: .optionLine).map(\.name)).isDisjoint(with: PeriodicKey.all.map(\.name)))
    }

    @Test func `mutated option lines never trap, and each problem names a line that is there`() {
        var random = SeededGenerator(seed: 3)
        let seed = Array(
            "#!/bin/sh\n# celery: max_retries=3 retry_delay=10m time_limit=2h\n// celery: queue=q,ack=early max_output=1g autoretry=1,any retry_backoff=yes\n# celery: crontab=\"*/5 1,2 * * *\" jitter=5s\n".utf8)
        var problems = 0
        for _ in 0..<fuzzRounds(20_000) {
            var bytes = seed
            for _ in 0..<Int.random(in: 1...8, using: &random) where !bytes.isEmpty {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes[place] = .random(in: 0...255, using: &random)
                case 1: bytes.remove(at: place)
                default: bytes.insert(Array("9=:#\n,- é\"'".utf8).randomElement(using: &random)!, at: place)
                }
            }
            let (options, found) = TaskOptionLine.options(in: bytes, file: "f")
            let lines = bytes.count { $0 == UInt8(ascii: "\n") } + 1
            #expect(found.allSatisfy { (1...lines).contains($0.line ?? 0) })
            #expect(options.retryDelay >= .zero)
            problems += found.count
        }
        #expect(problems > 1_000)
    }
}
