import CeleryCore

/// How results are kept in a Redis server.
package struct RedisResultTerms: Sendable {
    /// Seconds a result is kept; `nil` for ever.
    package var expires: Double?
    /// Seconds a failure is kept; `nil` for as long as other results, infinity for ever.
    package var failureExpires: Double?
    /// Seconds the records of a chord are kept; `nil` for as long as results, infinity for ever.
    package var chordExpires: Double?
    /// Before every key: Python's `global_keyprefix`.
    package var keyPrefix: String

    package init(expires: Double?, failureExpires: Double? = nil, chordExpires: Double? = nil, keyPrefix: String = "") {
        self.expires = expires
        self.failureExpires = failureExpires
        self.chordExpires = chordExpires
        self.keyPrefix = keyPrefix
    }

    /// Whole seconds for a server; 0 for ever.
    static func seconds(_ time: Double?) -> Int {
        guard let time, time.isFinite else { return 0 }
        // Three thousand years are as good as ever, and a server refuses what overflows its clock.
        return max(1, Int(min(time.rounded(.up), 100_000_000_000)))
    }

    /// Seconds to keep a result; 0 for ever.
    func seconds(of result: TaskResult) -> Int {
        Self.seconds(result.state == .failure ? failureExpires ?? expires : expires)
    }
}
