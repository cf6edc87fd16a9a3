/// The order in which descriptors are moved to the numbers that a program expects.
struct DescriptorMoves {
    typealias Move = (from: Int32, to: Int32)

    /// The moves in an order in which none overwrites the source of a later one.
    let ordered: [Move]

    init(_ wanted: [Move]) {
        var moves = wanted
        var ordered: [Move] = []
        let targets = moves.map(\.to)
        // A source that is also a target could be overwritten before it is moved: move it away first.
        var free = moves.reduce(2) { max($0, $1.from, $1.to) } + 1
        for index in moves.indices where moves[index].from != moves[index].to && targets.contains(moves[index].from) {
            ordered.append((moves[index].from, free))
            moves[index].from = free
            free += 1
        }
        self.ordered = ordered + moves
    }
}
