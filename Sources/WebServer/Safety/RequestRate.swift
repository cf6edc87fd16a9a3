import Synchronization

/// How many requests a second each asker may make: an address, or a token.
///
/// An asker may save up two seconds' worth. Askers that were not heard of since then are forgotten.
package final class RequestRate<Asker: Hashable & Sendable>: Sendable {
    private let rate: Double
    private let askers = Mutex<[Asker: Bucket]>([:])

    private struct Bucket {
        var left: Double
        var time: ContinuousClock.Instant
    }

    /// Most askers at a time; beyond, strangers are refused until some are forgotten.
    private static var mostAskers: Int { 10_000 }

    /// - Parameter rate: Requests a second, at least 1.
    package init(_ rate: Int) { self.rate = Double(max(1, rate)) }

    private var most: Double { rate * 2 }

    /// Counts a request.
    ///
    /// - Returns: Whether it is within the rate.
    package func admits(_ asker: Asker, now: ContinuousClock.Instant = .now) -> Bool {
        askers.withLock { askers in
            if askers[asker] == nil, askers.count >= Self.mostAskers {
                askers = askers.filter { now - $0.value.time < .seconds(2) }
                guard askers.count < Self.mostAskers else { return false }
            }
            var bucket = askers[asker] ?? Bucket(left: most, time: now)
            bucket.left = min(most, bucket.left + max(0, Self.seconds(now - bucket.time)) * rate)
            bucket.time = now
            defer { askers[asker] = bucket }
            guard bucket.left >= 1 else { return false }
            bucket.left -= 1
            return true
        }
    }

    private static func seconds(_ duration: Duration) -> Double {
        Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
    }
}
