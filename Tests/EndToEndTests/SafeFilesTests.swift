import Glibc
import Fixtures
import Testing

/// Who may read what we write, and who may write what we run.
@Suite(.blocking) struct SafeFilesTests {
    @Test func `logs and job logs are for their owner; pidfiles and the files of tasks are as ever`() throws {
        let project = try Project()
        try project.task("touch.sh", "#!/bin/sh\ntouch made\n")
        try project.startWorker()
        _ = try project.run("celery apply demo.tasks.touch --wait").text
        _ = try project.run("celery dmap demo.tasks.touch 1 --joblog jobs.log").text
        try project.expect("stat -c '%n %a' w.log w.pid jobs.log made", Ended("w.log 600\nw.pid 644\njobs.log 600\nmade 644\n"))
        try project.stopWorker()
    }

    @Test(.enabled(if: geteuid() == 0, "needs root, which may give files to any group"))
    func `CELERY_FILE_GROUP lets the members of a group read them`() throws {
        let project = try Project()
        _ = try project.run("echo 'CELERY_FILE_GROUP = \"nogroup\"' >>celery.toml").text
        try project.startWorker()
        _ = try project.run("celery dmap demo.tasks.square 1 --joblog jobs.log").text
        try project.expect(
            "stat -c '%n %a %G' w.log jobs.log",
            Ended("w.log 640 nogroup\njobs.log 640 nogroup\n"))
        try project.stopWorker()
        try project.expect(
            "celery celeryd --detach -p w.pid -f x.log", with: ["CELERY_FILE_GROUP": "nobody-such"],
            Ended(errors: "celery celeryd: cannot find group nobody-such: there is no such group (CELERY_FILE_GROUP)\n", status: 78))
    }

    @Test func `73 for a log that is a named pipe, instead of waiting for a reader`() throws {
        let project = try Project()
        _ = try project.run("mkfifo w.log").text
        let text = "celery celeryd: cannot open log file \(project.path)/w.log: it is a named pipe or a socket, not a file\n"
        try project.expect("celery celeryd -f w.log", Ended(errors: text, status: 73))
        try project.expect("celery celeryd --detach -p w.pid -f w.log", Ended(errors: text, status: 73))
        #expect(!project.exists("w.pid"))
    }

    @Test func `/dev/stdout and /dev/stderr are logs, also where they are pipes`() throws {
        let project = try Project()
        for stream in ["stdout", "stderr 2>&1"] {
            let ended = try project.run("celery celeryd --burst -q -l DEBUG -f /dev/\(stream) | cat")
            #expect(ended.status == 0 && !ended.errors.contains("cannot open"), "\(ended)")
        }
    }

    @Test(.enabled(if: geteuid() == 0, "needs root"))
    func `a task that others may write is named by celery tasks, and not run by root, whenever it became so`() throws {
        let project = try Project()
        try project.task("open.sh", "#!/bin/sh\necho ran\n")
        _ = try project.run("chmod o+w demo/tasks/open.sh").text
        let ended = try project.run("celery tasks")
        #expect(ended.status == 65)
        #expect(ended.errors == "celery tasks: demo/tasks/open.sh: is writable by every user: it is not run as root\n")
        #expect(!ended.output.contains("demo.tasks.open"))
        _ = try project.run("chmod o-w demo/tasks/open.sh").text
        try project.startWorker()
        #expect(try project.run("celery apply demo.tasks.open --wait").output == "ran\n")
        _ = try project.run("chmod o+w demo/tasks/open.sh").text
        let refused = try project.run("celery apply demo.tasks.open --wait")
        #expect(refused.status == 127 && refused.output == "")
        #expect(refused.errors.hasSuffix("NotRegistered: demo.tasks.open\n"), "\(refused)")
        #expect(eventually { project.log.contains("demo/tasks/open.sh: is writable by every user: it is not run as root") })
        _ = try project.run("chmod o-w demo/tasks/open.sh; chmod o+w demo/tasks").text
        #expect(try project.run("celery apply demo.tasks.open --wait").status == 127)
        #expect(eventually { project.log.contains("demo/tasks: is writable by every user: no task in it is run as root") })
        try project.stopWorker()
    }
}
