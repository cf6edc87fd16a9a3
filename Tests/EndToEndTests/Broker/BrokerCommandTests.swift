import CeleryCore
import Fixtures
import Glibc
import Testing

/// `celery broker`, and everything behind `--broker zmq://...`.
@Suite(.blocking) struct BrokerCommandTests {
    @Test func `tasks run on another machine, and commands find workers, queues, results and logs`() throws {
        let host = try BrokerHost()
        try host.client.task("fail.sh", "#!/bin/sh\necho why >&2\nexit 7\n")
        try host.client.startWorker("-n w@h", with: host.variables)
        #expect(try host.run("celery apply --wait demo.tasks.add 1 2") == Ended("3\n"))
        #expect(try host.run("celery apply --wait demo.tasks.fail --task-id bad").status == 7)
        #expect(try host.run("celery status bad") == Ended("bad\tFAILURE\n", status: 1))
        #expect(try host.run("celery logs bad").output.contains("why"))
        #expect(try host.run("celery list --failed").output.contains("bad"))
        #expect(try host.run("celery explain bad").output.contains("bad"))
        #expect(try host.run("seq 3 | celery dmap demo.tasks.square").output == "1\n4\n9\n")
        #expect(try host.run("celery status").output.contains("w@h"))
        #expect(try host.run("celery inspect ping -t 60").output.contains("w@h"))
        #expect(try host.run("celery apply --wait --countdown 1 demo.tasks.add 2 2") == Ended("4\n"))
        // The broker's own machine has it all in its file.
        #expect(try host.home.run("celery status bad") == Ended("bad\tFAILURE\n", status: 1))
        #expect(!host.client.exists("celery.db"))
    }

    @Test func `a waiting client, a running task and a waiting worker outlive kills of the broker`() throws {
        let host = try BrokerHost()
        try host.client.task("slow.sh", "#!/bin/sh\nuntil [ -e go ]; do sleep 0.02; done\necho done\n")
        try host.client.startWorker(with: host.variables)
        let running = try host.client.start("celery apply --wait demo.tasks.slow --task-id slow", with: host.variables)
        #expect(eventually { (try? host.home.run("celery status slow").output.contains("STARTED")) ?? false })
        for _ in 0..<2 { try host.killAndRestart() }
        try host.client.write("", to: "go")
        let ended = try running.wait()
        #expect(ended == Ended("done\n"))
        #expect(try host.run("celery status -l slow --json").output.contains(#""attempt":1"#))
        #expect(try host.run("celery apply --wait demo.tasks.add 1 2") == Ended("3\n"))
    }

    @Test func `what was confirmed is there after a kill`() throws {
        let host = try BrokerHost()
        let batch = (1...200).map { #"{"task": "demo.tasks.add", "args": [\#($0), 1]}"# }.joined(separator: "\n")
        let ids = try host.client.run("celery apply --batch -", input: batch, with: host.variables).lines
        try host.killAndRestart()
        #expect(ids.count == 200)
        #expect(try host.home.run("celery celeryd --burst -q -c2").status == 0)
        #expect(try host.run("celery status \(ids.joined(separator: " "))").status == 0)
    }

    @Test func `a client has the rights of its role, and learns which are missing`() throws {
        let host = try BrokerHost(role: "submit")
        try host.home.startWorker()
        #expect(try host.run("celery apply demo.tasks.add 1 2").status == 0)
        for line in ["celery purge --force", "celery control shutdown", "celery queues pause celery", "celery revoke nobody", "celery celeryd --burst -q"] {
            let ended = try host.run(line)
            #expect(ended.status == 77 && ended.errors.contains("lets this client submit"), "\(line): \(ended)")
        }
        try host.home.stopWorker()
    }

    @Test func `plain connections are for this machine, and neither control nor purge`() throws {
        let host = try BrokerHost(role: nil)
        #expect(host.url == "zmq://127.0.0.1:\(host.port)")
        #expect(try host.run("celery apply demo.tasks.add 1 2").status == 0)
        #expect(try host.run("celery celeryd --burst -q").status == 0)
        #expect(try host.run("celery purge --force").status == 77)
        try host.home.startWorker()
        #expect(try host.run("celery control shutdown").status == 77)
        try host.home.stopWorker()
        let open = try host.home.run("celery broker --bind 'tcp://*:0'")
        #expect(open.status == 78 && open.errors.contains("cannot listen on tcp://*:0, which other machines can reach, without the key"), "\(open)")
        let remote = try host.client.run("celery apply demo.tasks.add 1 2 --broker zmq://192.0.2.1:5556")
        #expect(remote.status == 78 && remote.errors.contains("without a server_key"), "\(remote)")
    }

    @Test func `a stranger, a wrong server and no server are told apart`() throws {
        let host = try BrokerHost()
        _ = try host.client.run("mv celeryclient.key old.key && celery broker -q --keygen celeryclient.key").text
        let stranger = try host.run("celery apply demo.tasks.add 1 2")
        #expect(stranger.status == 77 && stranger.errors.contains("does not know the key in"), "\(stranger)")
        let wrong = try host.client.run("celery apply demo.tasks.add 1 2 --broker 'zmq://127.0.0.1:\(host.port)?server_key=\(String(repeating: "ab", count: 32))'")
        #expect(wrong.status == 69, "\(wrong)")
        let missing = try host.client.run("celery apply demo.tasks.add 1 2 --broker zmq://127.0.0.1:1")
        #expect(missing.status == 69 && missing.errors.contains("cannot reach broker zmq://127.0.0.1:1: connection refused"), "\(missing)")
    }

    @Test func `keys are made once, and printed again`() throws {
        let project = try Project()
        let made = try project.run("celery broker --keygen")
        #expect(made.output.count == 65 && made.errors.contains("made the secret key in"), "\(made)")
        let again = try project.run("celery broker --keygen --json")
        #expect(again.output.contains(made.output.dropLast()) && again.errors.contains("kept"), "\(again)")
        #expect(try project.run("stat -c %a celerybroker.key").output == "600\n")
        _ = try project.run("chmod 644 celerybroker.key")
        #expect(try project.run("celery broker --keygen").status == 78)
        _ = try project.run("chmod 600 celerybroker.key")
        let unlisted = try project.run("celery broker --bind tcp://127.0.0.1:0")
        #expect(unlisted.status == 78 && unlisted.errors.contains("cannot use the allow list"), "\(unlisted)")
    }

    @Test func `starts in the background, is found, and stops`() throws {
        let host = try BrokerHost()
        #expect(try host.home.run("celery broker --is-running -p broker.pid").status == 0)
        let second = try host.home.run("celery broker --bind tcp://127.0.0.1:\(host.port)")
        #expect(second.status == 73 && second.errors.contains("cannot listen on tcp://127.0.0.1:\(host.port)"), "\(second)")
        #expect(try host.home.run("celery broker --stop -p broker.pid").status == 0)
        #expect(try host.home.run("celery broker --is-running -p broker.pid").status == 1)
    }
}
