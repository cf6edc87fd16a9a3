import Synchronization

/// How many requests a second each peer may make.
///
/// A peer may save up two seconds' worth. Peers that were not heard of since then are forgotten.
package final class RequestRate: Sendable {
    private let rate: Double
    private let peers = Mutex<[WebPeer: Bucket]>([:])

    private struct Bucket {
        var left: Double
        var time: ContinuousClock.Instant
    }

    /// Most peers at a time; beyond, strangers are refused until some are forgotten.
    private static let mostPeers = 10_000

    /// - Parameter rate: Requests a second, at least 1.
    package init(_ rate: Int) { self.rate = Double(max(1, rate)) }

    private var most: Double { rate * 2 }

    /// Counts a request.
    ///
    /// - Returns: Whether it is within the rate.
    package func admits(_ peer: WebPeer, now: ContinuousClock.Instant = .now) -> Bool {
        peers.withLock { peers in
            let peer = peer.network
            if peers[peer] == nil, peers.count >= Self.mostPeers {
                peers = peers.filter { now - $0.value.time < .seconds(2) }
                guard peers.count < Self.mostPeers else { return false }
            }
            var bucket = peers[peer] ?? Bucket(left: most, time: now)
            bucket.left = min(most, bucket.left + max(0, Self.seconds(now - bucket.time)) * rate)
            bucket.time = now
            defer { peers[peer] = bucket }
            guard bucket.left >= 1 else { return false }
            bucket.left -= 1
            return true
        }
    }

    private static func seconds(_ duration: Duration) -> Double {
        Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
    }
}
