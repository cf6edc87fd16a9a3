/// Suggests the name that was probably meant: an option, a command, a settings key, a task.
package enum NearestName {
    /// The candidate nearest to `name`; `nil` if none is near enough.
    ///
    /// Near means an edit distance of at most a third of the length, from one to three; the case of letters only breaks ties. A
    /// truncated name is near if just one candidate begins with it.
    package static func suggest(_ name: String, among candidates: some Sequence<String>) -> String? {
        let wanted = Array(name.lowercased().unicodeScalars)
        let limit = min(3, max(1, wanted.count / 3))
        var best: (name: String, distance: Int, exactDistance: Int)?
        var beginsAlike: [String] = []
        for candidate in candidates where candidate != name {
            let letters = Array(candidate.lowercased().unicodeScalars)
            if wanted.count >= 3, letters.starts(with: wanted) { beginsAlike.append(candidate) }
            guard wanted.count > 1, abs(letters.count - wanted.count) <= limit else { continue }
            let near = distance(wanted, letters)
            guard near <= limit else { continue }
            let exact = near == 0 ? 0 : distance(Array(name.unicodeScalars), Array(candidate.unicodeScalars))
            if best.map({ (near, exact) < ($0.distance, $0.exactDistance) }) ?? true {
                best = (candidate, near, exact)
            }
        }
        // A truncated name is as near as two mistakes.
        if beginsAlike.count == 1, best.map({ $0.distance > 2 }) ?? true { return beginsAlike[0] }
        return best?.name
    }

    /// The least number of letters inserted, removed, replaced or swapped with their neighbour that turns one text into the
    /// other (Damerau and Levenshtein, no letter edited twice).
    package static func distance(_ first: String, _ second: String) -> Int {
        distance(Array(first.unicodeScalars), Array(second.unicodeScalars))
    }

    private static func distance(_ first: [Unicode.Scalar], _ second: [Unicode.Scalar]) -> Int {
        if first.isEmpty || second.isEmpty { return max(first.count, second.count) }
        var beforeLast = [Int](repeating: 0, count: second.count + 1)
        var last = Array(0...second.count)
        for row in 1...first.count {
            var current = [row] + [Int](repeating: 0, count: second.count)
            for column in 1...second.count {
                let replaced = last[column - 1] + (first[row - 1] == second[column - 1] ? 0 : 1)
                current[column] = min(last[column] + 1, current[column - 1] + 1, replaced)
                if row > 1, column > 1, first[row - 1] == second[column - 2], first[row - 2] == second[column - 1] {
                    current[column] = min(current[column], beforeLast[column - 2] + 1)
                }
            }
            (beforeLast, last) = (last, current)
        }
        return last[second.count]
    }
}
