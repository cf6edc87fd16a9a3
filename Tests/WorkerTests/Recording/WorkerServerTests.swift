import Brokers
import CeleryCore
import Fixtures
import Memcached
import ResultStores
import Tasks
import Testing
import Worker

extension WorkerTests {
    /// A worker whose results are at a server.
    @Suite struct ServerResults {
        @Test(arguments: ResultServer.allCases) func `results outlive the absence of their server`(_ server: ResultServer) async throws {
            let (store, perform) = try server.start()
            var bench = Bench(broker: MemoryBroker(), store: store)
            try bench.addGate()
            try bench.addProgram("show", TaskOptions(), "echo \"$1\"")
            let worker = try await bench.start(children: 2)
            let early = try await bench.send("show", "early")
            #expect(try await bench.result(of: early).state == .success)
            let late = try await bench.send("wait", "here")
            #expect(try await bench.hasStarted("here"))
            try perform("kill")
            try bench.openGate()
            let meanwhile = try await bench.send("show", "meanwhile")
            #expect(try await worker.log.eventuallyContains("cannot record"))
            try perform("restart")
            #expect(try await bench.result(of: late).state == .success)
            #expect(try await bench.result(of: meanwhile).state == .success)
            #expect(try await (bench.record(of: early)?.state == .success) == server.keepsOverKill)
            try await worker.stop()
            await store.close()
            try perform("stop")
        }

        @Test func `a result over the server's limit fails its task, with the reason`() async throws {
            let server = try LocalMemcached.start(options: ["--item-size", "1m"])
            let store = try MemcachedResultStore(MemcachedOptions(ServiceURL(server.url)), .init(expires: 600))
            var bench = Bench(broker: MemoryBroker(), store: store)
            try bench.addProgram("long", TaskOptions(), "head -c 2000000 /dev/zero | tr '\\0' x")
            try bench.addProgram("show", TaskOptions(), "echo \"$1\"")
            let worker = try await bench.start()
            let (long, short) = (try await bench.send("long"), try await bench.send("show", "short"))
            #expect(try await bench.result(of: short).value == "short")
            let failure = try await bench.result(of: long)
            #expect(failure.state == .failure && failure.failure?.message.contains("keeps as one value") == true)
            try await worker.stop()
            await store.close()
            try server.perform("stop")
        }
    }
}
