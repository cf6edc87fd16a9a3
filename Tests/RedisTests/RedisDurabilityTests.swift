import Testing

@testable import Redis

@Suite struct RedisDurabilityTests {
    private func warnings(_ lines: String...) -> [String] {
        RedisDurability(info: lines.joined(separator: "\r\n")).warnings(of: "redis://h:6379/0", keeping: "results")
    }

    @Test func `warns of a server without an append-only file`() {
        #expect(warnings("# Persistence", "aof_enabled:0", "maxmemory:0", "maxmemory_policy:noeviction") == [
            "redis://h:6379/0 keeps no append-only file, so a crash or power cut loses recent results; set appendonly yes in redis.conf"
        ])
    }

    @Test func `warns of a server that deletes keys when its memory is full`() {
        #expect(warnings("aof_enabled:1", "maxmemory:1048576", "maxmemory_policy:volatile-lru") == [
            "redis://h:6379/0 deletes results when its memory is full (maxmemory-policy volatile-lru); set maxmemory-policy noeviction"
        ])
        // Without a limit, memory is never full.
        #expect(warnings("aof_enabled:1", "maxmemory:0", "maxmemory_policy:allkeys-lru") == [])
    }

    @Test func `is silent about a safe server, and about what a server does not tell`() {
        #expect(warnings("aof_enabled:1", "maxmemory:1048576", "maxmemory_policy:noeviction") == [])
        #expect(warnings("", "nonsense", ":") == [])
    }
}
