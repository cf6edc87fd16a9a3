import Fixtures
import Glibc
import Testing

/// `celery dmap`: items are read as work gets done, and results printed as they come.
@Suite(.blocking) struct DmapStreamTests {
    @Test func `prints results while the input is open`() throws {
        let project = try Project()
        _ = try project.run("mkfifo in").text
        let mapping = try project.start("exec celery dmap demo.tasks.square -j 2 <in")
        let writer = try project.start("exec 3>in; seq 3 >&3; until [ -e go ]; do sleep 0.02; done; seq 3 >&3")
        #expect(eventually { mapping.printed == "1\n4\n9\n" })
        try project.write("", to: "go")
        #expect(try writer.wait().status == 0)
        #expect(try mapping.wait() == Ended("1\n4\n9\n1\n4\n9\n"))
    }

    @Test func `reads no further than the limit in flight and one block of input`() throws {
        let project = try Project()
        try project.task("wait.sh", "#!/bin/sh\nuntil [ -e go ]; do sleep 0.02; done\n")
        // sqlite3 must not be the one who creates the file.
        _ = try project.run("celery syncdb").text
        let mapping = try project.start("set -o pipefail; seq 1000000 2>/dev/null | tee read | celery dmap demo.tasks.wait -j 2 --in-flight 5")
        let queued = "sqlite3 celery.db 'SELECT count(*) FROM message'"
        #expect(try eventually { try project.run(queued).output == "5\n" })
        // tee goes on until the pipe is full.
        func read() -> Int { project.read("read").utf8.count }
        #expect(try eventually {
            let before = read()
            _ = try project.run("sleep 0.3")
            return read() == before
        })
        // The pipes and one block each of ours and of tee.
        #expect(read() < 400_000)
        try project.expect(queued, Ended("5\n"))
        _ = try project.run("pkill -TERM -P \(mapping.id) celery; touch go")
        #expect(try mapping.wait().status == 143)
    }

    @Test func `an early item that takes long does not stop the others, up to a bound`() throws {
        let project = try Project()
        try project.task("wait.sh", "#!/bin/sh\necho $1 >>ran\n[ $1 != 1 ] || until [ -e go ]; do sleep 0.02; done\necho $1\n")
        let mapping = try project.start("seq 200 | exec celery dmap demo.tasks.wait -j 2 --in-flight 3")
        #expect(eventually { project.read("ran").split(separator: "\n").count == 200 })
        #expect(mapping.printed == "")
        try project.write("", to: "go")
        #expect(try mapping.wait() == Ended((1...200).map { "\($0)\n" }.joined()))
    }

    @Test func `the pool's end is the end of the map at once, though its input is open`() throws {
        let project = try Project()
        _ = try project.run("mkfifo in").text
        let mapping = try project.start("exec celery dmap demo.tasks.square -j 2 <in")
        let writer = try project.start("exec 3>in; seq 3 >&3; until [ -e go ]; do sleep 0.02; done")
        #expect(eventually { mapping.printed == "1\n4\n9\n" })
        _ = try project.run("rm celery.db celery.db-wal celery.db-shm").text
        let ended = try mapping.wait()
        #expect(ended.status == 65, "\(ended)")
        #expect(ended.errors.contains("was deleted or replaced while it was open"), "\(ended)")
        try project.write("", to: "go")
        _ = try writer.wait()
    }
}
