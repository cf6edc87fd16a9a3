import Synchronization

/// Places for clients that do something costly at the same time: so few for each network that one of them keeps none of the others out.
///
/// Behind a proxy all clients are of one network.
final class PeerPlaces: Sendable {
    private let ofOne: Int
    private let ofAll: Int
    private let taken = Mutex<(counts: [WebPeer: Int], total: Int)>(([:], 0))

    /// - Parameters:
    ///   - ofOne: Most places that one network has.
    ///   - ofAll: Most places that all have together.
    init(ofOne: Int, ofAll: Int) {
        (self.ofOne, self.ofAll) = (ofOne, ofAll)
    }

    /// Takes a place.
    ///
    /// - Returns: `false` if there is none; otherwise `leave` must follow.
    func take(_ network: WebPeer) -> Bool {
        taken.withLock { taken in
            guard taken.total < ofAll, taken.counts[network, default: 0] < ofOne else { return false }
            taken.counts[network, default: 0] += 1
            taken.total += 1
            return true
        }
    }

    func leave(_ network: WebPeer) {
        taken.withLock { taken in
            taken.counts[network] = taken.counts[network].flatMap { $0 > 1 ? $0 - 1 : nil }
            taken.total -= 1
        }
    }
}
