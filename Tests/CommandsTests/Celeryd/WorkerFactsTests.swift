import CeleryCore
import Configuration
import Testing
import Worker

@testable import Commands

@Suite struct WorkerFactsTests {
    private func broker(_ url: String) throws -> JSONObject {
        let resolved = try SettingsReader.resolve(environment: ["CELERY_BROKER_URL": url], workingFolder: "/w")
        return WorkerFacts.of(resolved, store: "disabled").broker
    }

    @Test(arguments: [
        ("amqp://h", 5672), ("amqps://h", 5671), ("amqp10://h", 5672), ("amqps10://h", 5671), ("redis://h", 6379), ("rediss://h", 6379),
        ("stomp://h", 61_613), ("stomp+ssl://h", 61_614), ("redis://h:1", 1),
    ])
    func `a worker reports the port that it connects to`(url: String, port: Int64) throws {
        let broker = try broker(url)
        #expect(broker["hostname"] == "h" && broker["port"] == .int(port), "\(broker)")
    }

    @Test func `a broker on this machine has neither a host nor a port`() throws {
        let broker = try broker("redis+socket:///run/redis.sock")
        #expect(broker["hostname"] == .null && broker["port"] == .null, "\(broker)")
    }

    @Test func `only AMQP 0-9-1 has a default user, a login and a heartbeat`() throws {
        let old = try broker("amqp://h/shop")
        #expect(old["userid"] == "guest" && old["login_method"] == "PLAIN" && old["heartbeat"]?.doubleValue != nil, "\(old)")
        let new = try broker("amqp10://h/shop")
        #expect(new["userid"] == .null && new["login_method"] == .null && new["heartbeat"] == .null, "\(new)")
        #expect(old["virtual_host"] == "shop" && new["virtual_host"] == "shop")
    }
}
