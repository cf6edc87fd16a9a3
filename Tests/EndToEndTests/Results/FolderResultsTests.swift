import CeleryCore
import Testing

/// Results as files in a folder: `--result-backend file://...`.
@Suite(.blocking) struct FolderResultsTests {
    private let options = "--result-backend file://results"

    @Test func `keeps results where Python looks for them`() throws {
        let project = try Project()
        try project.task("fail.sh", "#!/bin/sh\necho why >&2\nexit 7\n")
        _ = try project.apply("demo.tasks.add 1 2 --task-id good \(options)")
        _ = try project.apply("demo.tasks.fail --task-id bad \(options)")
        #expect(try project.run("celery celeryd --burst -q -n w@h \(options)").status == 0)
        try project.expect("celery result good \(options)", Ended("3\n"))
        try project.expect(
            "celery result bad \(options)", Ended(errors: "CalledProcessError: demo.tasks.fail returned exit status 7\n", status: 7))
        try project.expect("celery status good bad \(options)", Ended("good\tSUCCESS\nbad\tFAILURE\n", status: 1))
        try project.expect("ls results", Ended("celery-task-meta-bad\ncelery-task-meta-good\n"))
        try project.expect("celery result --forget good \(options)", Ended("3\n"))
        #expect(!project.exists("results/celery-task-meta-good"))
    }

    @Test func `waits for a result`() throws {
        let project = try Project()
        let id = try project.apply("demo.tasks.add 4 \(options)")
        let waiting = try project.start("celery result --wait --forget \(id) \(options)")
        try project.startWorker(options)
        #expect(try waiting.wait() == Ended("4\n"))
        #expect(!project.exists("results/celery-task-meta-\(id)"))
    }

    @Test func `refuses what is no folder`() throws {
        let project = try Project()
        try project.write("text", to: "plain")
        try project.expect(
            "celery result x --result-backend file://plain",
            Ended(
                errors: "celery result: \(project.path)/plain is not a folder\nhint: name the folder for results: file:///path/to/folder\n",
                status: 65))
        #expect(try project.run("cat plain").text == "text")
    }
}
