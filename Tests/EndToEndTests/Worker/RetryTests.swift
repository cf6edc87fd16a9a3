import CeleryCore
import Fixtures
import Testing

/// Tasks that are tried again, on either broker, acknowledged late or early.
@Suite(.blocking) struct RetryTests {
    enum Place: CaseIterable { case sqlite, rabbitmq }

    /// A project and the variables by which it uses a broker. The place goes away with the last use.
    private struct Setting {
        let project: Project
        let rabbitmq: RabbitMQPlace?

        init(_ place: Place) throws {
            rabbitmq = try place == .rabbitmq ? RabbitMQPlace() : nil
            project = try rabbitmq?.project ?? Project()
        }

        var variables: [String: String] { rabbitmq?.variables() ?? [:] }

        func run(_ line: String) throws -> Ended { try project.run(line, with: variables) }
        func start() throws { try project.startWorker(with: variables) }
    }

    @Test(arguments: Place.allCases, ["late", "early"])
    func `tries again for what the task names, by its id, and fails of the last try`(_ place: Place, _ ack: String) throws {
        let setting = try Setting(place)
        try setting.project.task(
            "odd.sh",
            """
            #!/bin/sh
            # celery: autoretry=1,7,SIGUSR1 max_retries=3 retry_backoff=0.05 retry_jitter=none ack=\(ack)
            echo "$CELERY_TASK_ID $CELERY_TASK_RETRIES" >>tries
            echo "try $CELERY_TASK_RETRIES" >&2
            case $CELERY_TASK_RETRIES in 0) exit 7;; 1) exit 1;; 2) kill -USR1 $$;; *) exit 75;; esac
            """)
        try setting.start()
        let id = try setting.run("celery apply demo.tasks.odd").text
        let ended = try setting.run("celery result --wait --timeout 30 \(id)")
        #expect(ended == Ended(errors: "CalledProcessError: demo.tasks.odd returned exit status 75\n", status: 75))
        #expect(setting.project.read("tries") == (0...3).map { "\(id) \($0)\n" }.joined())
        let log = setting.project.log
        #expect(log.contains("retry 1 in 0.05s: demo.tasks.odd returned exit status 7"))
        #expect(log.contains("retry 2 in 0.1s: demo.tasks.odd returned exit status 1"))
        #expect(log.contains("retry 3 in 0.2s: demo.tasks.odd died of signal 10"))
    }

    @Test(arguments: Place.allCases, ["late", "early"])
    func `waits for its next try through the death of its worker, and says why`(_ place: Place, _ ack: String) throws {
        let setting = try Setting(place)
        try setting.project.task("once.sh", "#!/bin/sh\n# celery: ack=\(ack)\ntest $CELERY_TASK_RETRIES = 1 && echo tried again && exit\nexit 9\n")
        try setting.start()
        let id = try setting.run("celery apply demo.tasks.once --autoretry 9 --retry-delay 5").text
        #expect(try eventually { try setting.run("celery status \(id)").output.hasSuffix("RETRY\n") })
        // At once, before the next try is due; from now on there is time for every look.
        try setting.project.signalWorker(9)
        #expect(try eventually { try setting.run("celery celeryd --is-running -p w.pid").status != 0 })
        #expect(try setting.run("celery status -l \(id)").output.contains("\treason=Retry: Retry in 5s: demo.tasks.once returned exit status 9\n"))
        let waiting = try setting.run("celery result --json \(id)")
        #expect(waiting.status == 75)
        #expect(try JSON(parsing: waiting.output)["error"]?["message"] == "Retry in 5s: demo.tasks.once returned exit status 9")
        #expect(try setting.run("celery result \(id)").errors == "celery result: \(id): not ready: RETRY: Retry in 5s: demo.tasks.once returned exit status 9\n")
        try setting.start()
        let ended = try setting.run("celery result --wait --timeout 60 --json \(id)")
        let object = try JSON(parsing: ended.output)
        #expect(object["result"] == "tried again" && object["retries"] == 1)
    }

    @Test(arguments: Place.allCases)
    func `ends its tries in time`(_ place: Place) throws {
        let setting = try Setting(place)
        try setting.project.task("odd.sh", "#!/bin/sh\nexit 7\n")
        try setting.start()
        let started = ContinuousClock.now
        let words = "demo.tasks.odd --autoretry any --max-retries 1000 --retry-delay 0.3 --retry-until 1 --wait --timeout 30"
        #expect(try setting.run("celery apply \(words)") == Ended(errors: "CalledProcessError: demo.tasks.odd returned exit status 7\n", status: 7))
        #expect(ContinuousClock.now - started < .seconds(25).onThisMachine)
        // A time that is over leaves no other try.
        let past = try setting.run("celery apply demo.tasks.odd --autoretry any --retry-until 2020-01-01 --wait --json --timeout 30")
        #expect(try JSON(parsing: past.output)["retries"] == 0)
    }

    @Test func `a batch and a map say it as well`() throws {
        let project = try Project()
        try project.task("odd.sh", "#!/bin/sh\ntest $CELERY_TASK_RETRIES = 2 && echo \"$1\" && exit\nexit 7\n")
        try project.startWorker()
        let line = #"{"task": "demo.tasks.odd", "args": ["b"], "autoretry": [7], "retry_backoff": 0.02, "retry_jitter": false, "retry_backoff_max": "1s", "retry_until": "1h"}"#
        let id = try project.run("celery apply --batch -", input: line + "\n").text
        try project.expect("celery result --wait \(id)", Ended("b\n"))
        try project.expect("celery dmap demo.tasks.odd x --autoretry 7 --retry-delay 0.02", Ended("x\n"))
        try project.expect("celery dmap demo.tasks.odd x --autoretry 7 --max-retries 1 --retry-delay 0.02 2>/dev/null", Ended(status: 1))
    }

    @Test(arguments: [
        ("--autoretry 1,999", "celery apply: '1,999' names '999', with which no task can fail (for --autoretry); write exit statuses from 1 to 255, signals such as SIGTERM, names of errors, or any\n"),
        ("--retry-until soon", "celery apply: 'soon' is neither a duration nor a time (for --retry-until); write 90s, 10m, or 2030-01-31T06:00\n"),
        ("--max-memory many", "celery apply: 'many' is not an amount of memory (for --max-memory); write bytes, or 64k, 64m, 1g\n"),
        ("--retry-jitter some", "celery apply: 'some' is not one of full, none (for --retry-jitter)\n"),
    ])
    func `refuses what makes no sense`(_ words: String, _ errors: String) throws {
        try Project().expect("celery apply demo.tasks.add \(words)", Ended(errors: errors, status: 64))
    }
}
