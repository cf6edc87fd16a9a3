/// A regular expression that names of workers are matched with, as Python's `re.match` would: from the first letter,
/// not necessarily to the last.
///
/// It may be a stranger's. Matching goes through the name once, with all ways at the same time, so that no expression
/// takes exponentially long; one that takes many steps all the same matches nothing. What looks back or ahead
/// (`\1`, `(?=...)`) is not understood, and then nothing matches.
struct NodePattern {
    private let root: Node
    /// Where it may go on in the text after one of the places, all together.
    private indirect enum Node {
        case letter(@Sendable (Unicode.Scalar) -> Bool)
        case start, end
        case boundary(Bool)
        case sequence([Node])
        case choice([Node])
        case repeated(Node, ClosedRange<Int>)
    }

    /// Steps after which it is given up; a usual pattern takes some hundred.
    private static let stepLimit = 200_000
    private static let longest = 1_000
    private static let deepest = 50

    /// - Returns: `nil` for what is no such expression, or has parts that are not understood.
    init?(_ text: String) {
        guard text.unicodeScalars.count <= Self.longest else { return nil }
        var parser = Parser(letters: Array(text.unicodeScalars))
        guard let node = parser.choice(depth: 0), parser.isAtEnd else { return nil }
        root = node
    }

    /// Whether a text begins with what the expression describes.
    func matches(_ text: String) -> Bool {
        var walk = Walk(text: Array(text.unicodeScalars), stepsLeft: Self.stepLimit)
        return !walk.ends(of: root, from: [0]).isEmpty && walk.stepsLeft > 0
    }

    /// One way through a text.
    private struct Walk {
        let text: [Unicode.Scalar]
        var stepsLeft: Int

        /// Where the node may end when it begins at one of the places.
        mutating func ends(of node: Node, from places: Set<Int>) -> Set<Int> {
            stepsLeft -= 1 + places.count
            guard stepsLeft > 0, !places.isEmpty else { return [] }
            switch node {
            case .letter(let isMeant): return Set(places.compactMap { $0 < text.count && isMeant(text[$0]) ? $0 + 1 : nil })
            case .start: return places.intersection([0])
            // Before a line feed at the end is the end too.
            case .end: return places.filter { $0 == text.count || ($0 == text.count - 1 && text[$0] == "\n") }
            case .boundary(let isWanted): return places.filter { isBoundary($0) == isWanted }
            case .sequence(let nodes): return nodes.reduce(places) { ends(of: $1, from: $0) }
            case .choice(let nodes): return nodes.reduce(into: Set()) { $0.formUnion(ends(of: $1, from: places)) }
            case .repeated(let node, let counts): return ends(of: node, counts, from: places)
            }
        }

        private mutating func ends(of node: Node, _ counts: ClosedRange<Int>, from places: Set<Int>) -> Set<Int> {
            var (current, count) = (places, 0)
            while count < counts.lowerBound {
                current = ends(of: node, from: current)
                count += 1
                if current.isEmpty { return [] }
            }
            var all = current
            while count < counts.upperBound {
                // Places that were there before lead nowhere new.
                current = ends(of: node, from: current).subtracting(all)
                if current.isEmpty { break }
                all.formUnion(current)
                count += 1
            }
            return all
        }

        private func isBoundary(_ place: Int) -> Bool {
            let before = place > 0 && Parser.isWord(text[place - 1])
            let after = place < text.count && Parser.isWord(text[place])
            return before != after
        }
    }

    /// Reads an expression. Each function leaves `nil` for what it does not understand.
    private struct Parser {
        let letters: [Unicode.Scalar]
        var place = 0

        var isAtEnd: Bool { place == letters.count }
        private var next: Unicode.Scalar? { place < letters.count ? letters[place] : nil }

        init(letters: [Unicode.Scalar]) { self.letters = letters }

        private mutating func skip(_ letter: Unicode.Scalar) -> Bool {
            guard next == letter else { return false }
            place += 1
            return true
        }

        mutating func choice(depth: Int) -> Node? {
            guard depth < NodePattern.deepest else { return nil }
            var branches: [Node] = []
            repeat {
                var nodes: [Node] = []
                while let letter = next, letter != "|", letter != ")" {
                    guard let atom = atom(depth: depth), let node = repetition(of: atom) else { return nil }
                    nodes.append(node)
                }
                branches.append(.sequence(nodes))
            } while skip("|")
            return branches.count == 1 ? branches[0] : .choice(branches)
        }

        private mutating func atom(depth: Int) -> Node? {
            guard let letter = next else { return nil }
            place += 1
            switch letter {
            case ".": return .letter { $0 != "\n" }
            case "^": return .start
            case "$": return .end
            case "[": return set()
            case "\\": return escape()
            case "(":
                if skip("?"), !skip(":") { return nil }
                guard let node = choice(depth: depth + 1), skip(")") else { return nil }
                return node
            case "*", "+", "?": return nil
            case "{":
                // There is nothing to repeat; other braces stand for themselves.
                place -= 1
                guard bounds() == nil else { return nil }
                place += 1
                return .letter { $0 == letter }
            default: return .letter { $0 == letter }
            }
        }

        private mutating func repetition(of node: Node) -> Node? {
            let counts: ClosedRange<Int>
            switch next {
            case "*": counts = 0...Int.max
            case "+": counts = 1...Int.max
            case "?": counts = 0...1
            case "{":
                guard let bounds = bounds() else { return node }
                counts = bounds
                place -= 1
            default: return node
            }
            place += 1
            // Whether it is greedy makes no difference to whether there is a match.
            if next == "?" { place += 1 }
            if let letter = next, "*+?".unicodeScalars.contains(letter) { return nil }
            let end = place
            if bounds() != nil { return nil }
            place = end
            // A place cannot be repeated, and Python refuses it.
            switch node {
            case .start, .end, .boundary: return nil
            default: return .repeated(node, counts)
            }
        }

        /// `{2}`, `{2,}`, `{,3}`, `{2,3}`, `{,}`; anything else in braces stands for itself.
        private mutating func bounds() -> ClosedRange<Int>? {
            guard next == "{", let close = letters[place...].firstIndex(of: "}") else { return nil }
            let parts = letters[(place + 1)..<close].split(separator: ",", omittingEmptySubsequences: false)
                .map { String(String.UnicodeScalarView($0)) }
            func number(_ text: String, _ empty: Int) -> Int? { text.isEmpty ? empty : Int(text).flatMap { $0 >= 0 ? $0 : nil } }
            guard (1...2).contains(parts.count), parts != [""], let low = number(parts[0], 0),
                let high = parts.count == 1 ? low : number(parts[1], Int.max), low <= high
            else { return nil }
            place = close + 1
            return low...high
        }

        private mutating func escape() -> Node? {
            guard let letter = next else { return nil }
            place += 1
            if letter == "b" || letter == "B" { return .boundary(letter == "b") }
            if letter == "A" { return .start }
            guard let isMeant = Self.kind(letter) ?? Self.single(letter) else { return nil }
            return .letter(isMeant)
        }

        private mutating func set() -> Node? {
            let isNegated = skip("^")
            var members: [@Sendable (Unicode.Scalar) -> Bool] = []
            var isFirst = true
            while let letter = next, isFirst || letter != "]" {
                isFirst = false
                place += 1
                var low = letter
                if letter == "\\" {
                    guard let escaped = next else { return nil }
                    place += 1
                    if let kind = Self.kind(escaped) {
                        members.append(kind)
                        continue
                    }
                    guard Self.single(escaped) != nil else { return nil }
                    low = Self.meaning(escaped)
                }
                if next == "-", place + 1 < letters.count, letters[place + 1] != "]" {
                    place += 1
                    var high = letters[place]
                    place += 1
                    if high == "\\" {
                        guard let escaped = next, Self.kind(escaped) == nil else { return nil }
                        place += 1
                        high = Self.meaning(escaped)
                    }
                    guard low <= high else { return nil }
                    members.append { [low, high] in low <= $0 && $0 <= high }
                } else {
                    members.append { [low] in $0 == low }
                }
            }
            guard skip("]") else { return nil }
            return .letter { [members] letter in members.contains { $0(letter) } != isNegated }
        }

        static func isWord(_ letter: Unicode.Scalar) -> Bool {
            letter == "_" || letter.properties.isAlphabetic || letter.properties.numericType != nil
        }

        /// `\d`, `\w`, `\s` and their opposites.
        private static func kind(_ letter: Unicode.Scalar) -> (@Sendable (Unicode.Scalar) -> Bool)? {
            switch letter {
            case "d": { $0.properties.generalCategory == .decimalNumber }
            case "D": { $0.properties.generalCategory != .decimalNumber }
            case "w": { isWord($0) }
            case "W": { !isWord($0) }
            case "s": { $0.properties.isWhitespace }
            case "S": { !$0.properties.isWhitespace }
            default: nil
            }
        }

        /// An escaped letter that stands for one letter; those of the alphabet mostly mean something else.
        private static func single(_ letter: Unicode.Scalar) -> (@Sendable (Unicode.Scalar) -> Bool)? {
            guard !("a"..."z").contains(letter), !("A"..."Z").contains(letter), !("0"..."9").contains(letter)
            else {
                guard "ntr".unicodeScalars.contains(letter) else { return nil }
                let meaning = meaning(letter)
                return { $0 == meaning }
            }
            return { $0 == letter }
        }

        private static func meaning(_ letter: Unicode.Scalar) -> Unicode.Scalar {
            switch letter {
            case "n": "\n"
            case "t": "\t"
            case "r": "\r"
            default: letter
            }
        }
    }
}
