/// Which of several servers keeps a key: that of Python's client pymemcache, which Celery uses since 5.7 (rendezvous hashing).
///
/// Each server has a score for the key, and the highest wins; of equal scores that of the larger name. Clients of earlier versions
/// (python-memcached, pylibmc) choose by other rules, and find nothing of ours unless there is a single server.
struct ServerChoice: Sendable {
    private let nodes: [String]

    init(_ servers: [MemcachedServer]) { nodes = servers.map(\.node) }

    /// The number of the server, in the order of the URL.
    func server(of key: String) -> Int {
        guard nodes.count > 1 else { return 0 }
        var winner = 0
        var high: UInt32?
        for (number, node) in nodes.enumerated() {
            let score = Self.murmur3("\(node)-\(key)")
            if let best = high, score < best || (score == best && node < nodes[winner]) { continue }
            (winner, high) = (number, score)
        }
        return winner
    }

    /// MurmurHash3 of 32 bits with seed 0, by Austin Appleby, who gave it to the public domain. Python's client takes the lowest
    /// eight bits of each character but the last of four; keys of ASCII alone, which it insists on, come to the same.
    static func murmur3(_ text: String) -> UInt32 {
        func mixed(_ block: UInt32) -> UInt32 {
            let product = block &* 0xCC9E_2D51
            return (product << 15 | product >> 17) &* 0x1B87_3593
        }
        let bytes = Array(text.utf8)
        var hash: UInt32 = 0
        var at = 0
        while at + 4 <= bytes.count {
            let block = UInt32(bytes[at]) | UInt32(bytes[at + 1]) << 8 | UInt32(bytes[at + 2]) << 16 | UInt32(bytes[at + 3]) << 24
            hash ^= mixed(block)
            hash = (hash << 13 | hash >> 19) &* 5 &+ 0xE654_6B64
            at += 4
        }
        var tail: UInt32 = 0
        for place in (at..<bytes.count).reversed() { tail = tail << 8 | UInt32(bytes[place]) }
        if at < bytes.count { hash ^= mixed(tail) }
        hash ^= UInt32(truncatingIfNeeded: bytes.count)
        hash = (hash ^ hash >> 16) &* 0x85EB_CA6B
        hash = (hash ^ hash >> 13) &* 0xC2B2_AE35
        return hash ^ hash >> 16
    }
}
