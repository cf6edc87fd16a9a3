package import CeleryCore
import Synchronization
import Tyrant

/// How far a search for expired values has come.
struct TyrantScan: Sendable {
    /// Keys that were not looked at yet; `nil` between two searches.
    var rest: ArraySlice<String>?
    /// Seconds since 1970 of the oldest value that this search has left.
    var oldest: Double?
    /// Seconds since 1970 before which nothing can expire.
    var nextExpiry = 0.0
}

/// The server drops nothing by itself: whoever cleans up asks for all keys and looks at each value. Nobody does so before the oldest
/// value that was seen is over, nor again before a part of the time is over for which results are kept.
extension TyrantResultStore: ResultExpiring {
    /// Keys that are looked at together, and bytes of their values.
    private static let step = (keys: 500, bytes: 4 << 20)

    /// Seconds between two searches: results stay that much longer.
    private static func pause(_ expires: Double) -> Double { min(3_600, expires / 24) }

    package func dropExpired(now: Timestamp, limit: Int) async throws -> Int {
        guard let expires, limit > 0 else { return 0 }
        var state = scan.withLock { scan in
            let state = scan
            scan.rest = nil
            return state
        }
        if state.rest == nil {
            guard now.seconds >= state.nextExpiry else { return 0 }
            var all: [String] = []
            for beginning in keys.expiring { all += try await link.keys(startingWith: beginning) }
            state = TyrantScan(rest: all[...], oldest: nil, nextExpiry: now.seconds)
        }
        var count = 0
        while count < limit, let rest = state.rest, !rest.isEmpty {
            var over: [String] = []
            var looked = 0
            for (key, date) in try await dates(of: rest) {
                if let date, date <= now.seconds - expires {
                    if count + over.count == limit { break }
                    over.append(key)
                } else if let date {
                    state.oldest = min(state.oldest ?? date, date)
                }
                looked += 1
            }
            // An id that is used again in this moment would lose its new result: ids are used once.
            count += try await link.effects(of: over.map { .out($0) }, isRepeatable: false).count { $0 }
            state.rest = rest.dropFirst(looked)
        }
        if state.rest?.isEmpty ?? true {
            // What is stored from now on is over even later.
            let oldest = min(state.oldest ?? now.seconds, now.seconds)
            state = TyrantScan(rest: nil, oldest: nil, nextExpiry: max(oldest + expires, now.seconds + Self.pause(expires)))
        }
        scan.withLock { [state] in $0 = state }
        return count
    }

    /// When the values of the next keys were stored; `nil` for those that are gone, or another program's.
    private func dates(of rest: ArraySlice<String>) async throws -> [(key: String, date: Double?)] {
        let sizes = try await link.sizes(of: Array(rest.prefix(Self.step.keys)))
        var keys: [String] = []
        var size = 0
        for (key, valueSize) in zip(rest, sizes) {
            // At least one, however large.
            guard keys.isEmpty || size + (valueSize ?? 0) <= Self.step.bytes else { break }
            keys.append(key)
            size += valueSize ?? 0
        }
        let values = try await link.values(of: keys)
        return keys.map { ($0, values[$0].flatMap(TyrantDocument.date)) }
    }
}
