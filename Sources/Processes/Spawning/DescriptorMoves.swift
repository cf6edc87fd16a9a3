/// The order in which descriptors get the numbers that a program is to find them under.
struct DescriptorMoves {
    typealias Move = (from: Int32, to: Int32)

    /// One after the other, none overwriting what a later one needs.
    let ordered: [Move]

    init(_ wanted: [Move]) {
        var moves = wanted
        var ordered: [Move] = []
        let targets = moves.map(\.to)
        // A source that is also a target could be overwritten before its turn: move such ones out of the way.
        var free = moves.reduce(2) { max($0, $1.from, $1.to) } + 1
        for index in moves.indices where moves[index].from != moves[index].to && targets.contains(moves[index].from) {
            ordered.append((moves[index].from, free))
            moves[index].from = free
            free += 1
        }
        self.ordered = ordered + moves
    }
}
