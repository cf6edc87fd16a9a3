import Brokers
import CeleryCore
import CeleryDB
import Fixtures
import ResultStores
import SQLite
import Testing

@Suite(.timeLimit(.minutes(3))) struct AMQPResultStoreTests {
    @Test func `results that cannot be kept stay in the mailbox, and whoever waits is told`() async throws {
        let place = try AMQPPlace(), folder = TemporaryFolder()
        let file = try DatabaseFile(path: folder.file("celery.db"))
        try await file.write { db in
            try db.execute(sql: "CREATE TRIGGER full BEFORE INSERT ON result WHEN NEW.id = 'bad' BEGIN SELECT RAISE(ABORT, 'disk full'); END")
        }
        let broker = try place.broker()
        let store = RPCResultStore(link: broker.link, mailbox: ReplyMailbox(owner: folder.path, expires: nil)) {
            SQLiteResultStore(file: file, expires: nil)
        }
        _ = try await store.results(for: [TaskID("nobody's")])
        func send(_ id: String) async throws {
            var result = TaskResult(id: TaskID(id), state: .success, value: 1)
            result.replyTo = store.replyAddress
            try await store.store([result])
        }
        // One look for what is there, and one that goes on.
        try await send("bad")
        let time = await ContinuousClock().measure {
            let error = await #expect(throws: DriverError.self) { try await store.results(for: [TaskID("bad")]) }
            #expect(error?.message.contains("disk full") == true)
        }
        // Without the error it waits for a minute.
        #expect(time < .seconds(40).onThisMachine)
        let told = await #expect(throws: DriverError.self) {
            for _ in 0..<100 { try await store.waitForChange(since: await store.mark(), until: .now + .milliseconds(100)) }
        }
        #expect(told?.message.contains("disk full") == true)
        // What comes later must not take the others with it.
        for number in 0..<5 {
            try await send("good \(number)")
            try await Task.sleep(for: .milliseconds(200))
        }
        try await file.write { try $0.execute(sql: "DROP TRIGGER full") }
        let ids = ["bad"] + (0..<5).map { "good \($0)" }
        let found = try await promptly("the arrival of all results", within: .seconds(30)) {
            while true {
                try? await store.waitForChange(since: await store.mark(), until: .now + .milliseconds(100))
                let found = try await store.results(for: ids.map(TaskID.init))
                if found.count == ids.count { return found }
            }
        }
        #expect(found.values.allSatisfy { $0.state == .success })
        await store.close()
        await broker.close()
    }
}
