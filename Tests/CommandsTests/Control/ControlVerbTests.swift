import CeleryCore
import Testing

@testable import Commands
@testable import Worker

@Suite struct ControlVerbTests {
    private func request(_ kind: ControlVerb.Kind, _ words: String...) throws -> ControlRequest {
        let verb = try #require(ControlVerb.all(kind).first { $0.name == words[0] })
        return try verb.request(Array(words.dropFirst()))
    }

    @Test func `makes the requests that Python's commands make`() throws {
        #expect(try request(.inspect, "ping") == ControlRequest(method: "ping"))
        #expect(try request(.inspect, "conf") == ControlRequest(method: "conf"))
        #expect(try request(.inspect, "conf", "yes").arguments == ["with_defaults": true])
        #expect(try request(.inspect, "query_task", "a", "b").arguments == ["ids": ["a", "b"]])
        #expect(try request(.inspect, "registered").arguments == ["taskinfoitems": []])
        #expect(try request(.control, "pool_grow").arguments == [:])
        #expect(try request(.control, "pool_grow", "2").arguments == ["n": 2])
        #expect(try request(.control, "autoscale", "3", "1").arguments == ["max": 3, "min": 1])
        #expect(try request(.control, "time_limit", "t", "5", "1m").arguments == ["task_name": "t", "soft": 5.0, "hard": 60.0])
        #expect(try request(.control, "add_consumer", "q", "e", "topic", "k").arguments == ["queue": "q", "exchange": "e", "exchange_type": "topic", "routing_key": "k"])
        #expect(try request(.control, "revoke", "a").arguments == ["task_id": ["a"]])
        #expect(try request(.control, "terminate", "TERM", "a").arguments == ["signal": "TERM", "task_id": ["a"]])
        #expect(try request(.control, "rate_limit", "t", "5/m").arguments == ["task_name": "t", "rate_limit": "5/m"])
        #expect(try request(.control, "revoke_by_stamped_headers", "a=1", "a=2", "b=").arguments == ["headers": ["a": ["1", "2"], "b": [""]]])
    }

    @Test(arguments: [
        (["pool_grow", "x"], "pool_grow needs a whole number from 1 to 1000 for N, not 'x'"),
        (["pool_grow", "0"], "pool_grow needs a whole number from 1 to 1000 for N, not '0'"),
        (["pool_grow", "1", "2"], "pool_grow takes no '2'"), (["add_consumer"], "add_consumer needs QUEUE"),
        (["add_consumer", ""], "add_consumer needs QUEUE, which is empty"), (["time_limit", "t"], "time_limit needs SOFT"),
        (["time_limit", "t", "soon"], "time_limit needs a time such as 90 or 10m for SOFT, not 'soon'"),
        (["revoke"], "revoke needs ID"), (["revoke_by_stamped_headers", "x"], "revoke_by_stamped_headers needs KEY=VALUE, not 'x'"),
    ] as [([String], String)])
    func `refuses what makes no sense, before anything is sent`(_ words: [String], _ message: String) throws {
        let verb = try #require(ControlVerb.all(.control).first { $0.name == words[0] })
        let error = #expect(throws: CommandError.self) { try verb.request(Array(words.dropFirst())) }
        #expect(error?.status == 64 && error?.message == message)
        #expect(error?.hint == "celery control \(verb.usage)")
    }

    @Test func `knows every method of our workers, and no name twice`() {
        let known = Set(ControlVerb.all.map(\.name))
        #expect(known.count == ControlVerb.all.count)
        // What workers ask each other, what celery doctor asks, and older names.
        let others = ControlMethod.all.keys.filter { !$0.hasPrefix("dump_") && !["hello", "election", "probe", "probed"].contains($0) }
        #expect(Set(others).isSubset(of: known), "\(Set(others).subtracting(known))")
    }
}
