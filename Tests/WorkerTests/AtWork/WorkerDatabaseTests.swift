import Brokers
import CeleryCore
import Fixtures
import ResultStores
import SQL
import Tasks
import Testing
import Worker

extension WorkerTests {
    /// A worker whose results are in the database of a server.
    @Suite struct DatabaseResults {
        /// - Parameter isOwn: In our own layout, not in Python's tables.
        private func store(_ server: DatabaseServer, isOwn: Bool) throws -> any ResultStore {
            let url = try ServiceURL(server.url)
            if isOwn { return PostgreSQLResultStore(try PostgreSQLServer(url), PostgreSQLResultStore.Terms(expires: 600)) }
            return PythonDatabaseStore(server.kind == .postgreSQL ? try PostgreSQLServer(url) : try MariaDBServer(url), expires: 600)
        }

        @Test(arguments: [(DatabaseServer.Kind.postgreSQL, false), (.mariaDB, false), (.postgreSQL, true)])
        func `results outlive the absence of their server`(_ kind: DatabaseServer.Kind, isOwn: Bool) async throws {
            let server = try DatabaseServer.start(kind, options: [])
            let store = try store(server, isOwn: isOwn)
            var bench = Bench(broker: MemoryBroker(), store: store)
            try bench.addGate()
            try bench.addProgram("show", TaskOptions(), "echo \"$1\"")
            let worker = try await bench.start(children: 2)
            let early = try await bench.send("show", "early")
            #expect(try await bench.result(of: early).state == .success)
            let late = try await bench.send("wait", "here")
            #expect(try await bench.hasStarted("here"))
            try server.perform("kill")
            try bench.openGate()
            let meanwhile = try await bench.send("show", "meanwhile")
            #expect(try await worker.log.eventuallyContains("cannot record"))
            try server.perform("restart")
            #expect(try await bench.result(of: late).state == .success)
            #expect(try await bench.result(of: meanwhile).state == .success)
            #expect(try await bench.record(of: early)?.state == .success)
            try await worker.stop()
            await store.close()
            try server.perform("stop")
        }
    }
}
