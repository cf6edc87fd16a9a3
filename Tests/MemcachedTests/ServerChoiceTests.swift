import Testing

@testable import Memcached

/// Against what pymemcache 4.0 answers.
@Suite struct ServerChoiceTests {
    @Test func `hashes as Python's client does`() {
        let recorded: [(String, UInt32)] = [
            ("", 0), ("a", 1_009_084_850), ("ab", 2_613_040_991), ("abc", 3_017_643_002), ("abcd", 1_139_631_978),
            ("celery-task-meta-0190", 789_045_441), ("127.0.0.1:11211-celery-task-meta-1", 3_726_435_775),
        ]
        for (text, hash) in recorded { #expect(ServerChoice.murmur3(text) == hash, "\(text)") }
    }

    @Test func `chooses the server that Python's client chooses`() throws {
        let servers = try ["127.0.0.1:11211", "10.0.0.2", "cache.example:11311"].map { try #require(MemcachedServer($0)) }
        let choice = ServerChoice(servers)
        #expect(choice.server(of: "celery-task-meta-d5f1a3b0-6f0a-4f0e-8c3e-1b0e8a4b1c2d") == 1)
        let recorded = [
            1, 0, 0, 1, 2, 1, 1, 0, 0, 1, 0, 1, 0, 1, 1, 2, 0, 0, 1, 1, 2, 1, 1, 0, 2, 1, 0, 2, 1, 2, 2, 1, 1, 2, 2, 1, 0, 0, 2, 1,
        ]
        #expect((0..<40).map { choice.server(of: "celery-task-meta-\($0)") } == recorded)
        let others = ServerChoice(try ["/tmp/a.sock", "[::1]"].map { try #require(MemcachedServer($0)) })
        #expect((0..<20).map { others.server(of: "k\($0)") } == [1, 1, 0, 1, 1, 0, 0, 0, 0, 0, 1, 0, 1, 1, 1, 1, 0, 0, 0, 1])
    }

    @Test func `the order of the servers does not matter, and one server has all`() {
        let (a, b) = (MemcachedServer(host: "a"), MemcachedServer(host: "b"))
        for number in 0..<50 {
            #expect([a, b][ServerChoice([a, b]).server(of: "\(number)")] == [b, a][ServerChoice([b, a]).server(of: "\(number)")])
            #expect(ServerChoice([a]).server(of: "\(number)") == 0)
        }
    }
}
