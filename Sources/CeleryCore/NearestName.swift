/// Finds what a person meant by a misspelt name.
///
/// The measure is the number of letters to insert, drop, replace or swap with their
/// neighbour (optimal string alignment), without regard to case.
package enum NearestName {
    /// The nearest of `names`, or `nil` when none is near enough to be meant.
    ///
    /// Near enough is one mistake in three letters, at most three; a name that begins
    /// with the word counts as two. Of equally near names the first is taken.
    package static func suggest(_ word: String, among names: [String]) -> String? {
        let typed = Array(word.lowercased().utf8)
        var best: (name: String, distance: Int)?
        for name in names {
            let candidate = Array(name.lowercased().utf8)
            let shorter = min(typed.count, candidate.count)
            let limit = shorter < 3 ? 0 : min(3, shorter / 3)
            var distance = abs(typed.count - candidate.count) > limit ? Int.max : self.distance(typed, candidate)
            if distance > limit { distance = .max }
            if typed.count >= 3, candidate.starts(with: typed) { distance = min(distance, 2) }
            if distance < best?.distance ?? .max { best = (name, distance) }
        }
        return best?.name
    }

    /// How many single mistakes lie between two words.
    static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        guard !left.isEmpty, !right.isEmpty else { return max(left.count, right.count) }
        var beforePrevious: [Int] = []
        var previous = Array(0...right.count)
        for row in 1...left.count {
            var current = [row]
            current.reserveCapacity(right.count + 1)
            for column in 1...right.count {
                let differs = left[row - 1] == right[column - 1] ? 0 : 1
                var cost = min(previous[column] + 1, current[column - 1] + 1, previous[column - 1] + differs)
                if row > 1, column > 1, left[row - 1] == right[column - 2], left[row - 2] == right[column - 1] {
                    cost = min(cost, beforePrevious[column - 2] + 1)
                }
                current.append(cost)
            }
            (beforePrevious, previous) = (previous, current)
        }
        return previous[right.count]
    }
}
