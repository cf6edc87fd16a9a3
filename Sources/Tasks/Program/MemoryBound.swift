import Processes

/// Keeps what a program and all it starts hold in memory, together, below a limit.
///
/// Where there is a room for control groups the kernel does it. Else we look ourselves, 50 times a second, and kill;
/// and the kernel refuses to any one process (RLIMIT_DATA) what would be far beyond the limit before we had looked.
/// RLIMIT_DATA and not RLIMIT_AS, which counts every library, and addresses that a runtime sets aside and never uses;
/// and far beyond, because it counts what is asked for, not what is used: a program that is refused memory ends as
/// it likes, with whatever status, and nobody could say why.
struct MemoryBound {
    /// Bytes.
    let limit: Int
    private let group: ControlGroup?
    /// The most there was at a time, as far as we looked ourselves.
    private var peak = 0

    /// Time between two looks.
    private static let interval: Duration = .milliseconds(20)
    /// Bytes by which a single process may ask for more than the limit: what it might touch between two looks.
    private static let slack = 1 << 30

    /// - Parameter room: where control groups can be made; when that fails we look ourselves.
    init(limit: Int, room: ControlGroupRoom?) {
        self.limit = limit
        group = try? room?.makeGroup(memoryLimit: limit)
    }

    /// What the program is to be started with.
    var confinement: Spawn.Confinement {
        if let group { return Spawn.Confinement(group: group) }
        return Spawn.Confinement(dataLimit: limit > Int.max - Self.slack ? .max : limit + Self.slack)
    }

    /// When to look next; `nil` when the kernel does.
    var interval: Duration? { group == nil ? Self.interval : nil }

    /// Looks whether there is too much; always false when the kernel looks.
    mutating func look() -> Bool {
        guard group == nil else { return false }
        let processes = ProcessTable().descendants(of: ProcessTable.own).lazy.filter { !$0.hasEnded }.map(\.id)
        let bytes = MemoryUse.bytes(of: Array(processes), limit: limit)
        peak = max(peak, bytes)
        return bytes > limit
    }

    /// The program has ended: ends what is left in its group, and takes that away.
    ///
    /// - Parameter wasKilled: whether we killed the program after a look.
    /// - Returns: the most memory there was, if the program was killed for it.
    func close(wasKilled: Bool) -> Int? {
        guard let group else { return wasKilled ? peak : nil }
        let memory = group.memory
        group.close()
        return memory.kills > 0 ? max(memory.peak, limit) : nil
    }
}
