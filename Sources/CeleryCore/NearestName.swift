/// Finds the name that was probably meant: an option, a command, a settings key, a task.
package enum NearestName {
    /// The candidate nearest to `name`; nil if none is near enough to be worth a word.
    ///
<<<<<<< HEAD
    /// Near is an edit distance of at most a third of the length, from one to three, in which the case
    /// of letters counts only between equals. A name cut short is near too if just one candidate begins with it.
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
=======
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
>>>>>>> e5d0f24d6d7442419649440d02a450d62678364f
        }
        return best?.name ?? (beginsAlike.count == 1 ? beginsAlike[0] : nil)
    }

    /// The least number of letters inserted, removed, replaced or swapped with their neighbour that turns
    /// one text into the other (Damerau and Levenshtein, no letter edited twice).
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
