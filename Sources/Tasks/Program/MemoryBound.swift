import Processes

/// Limits the total memory of a program and its descendants.
///
/// With control groups, the kernel enforces the limit. Without them, we check memory 50 times a second and kill the
/// program if it exceeds the limit. In addition, RLIMIT_DATA keeps each process from allocating far more than the limit
/// between two checks. RLIMIT_AS is unsuitable, since it counts every library, and address space that runtimes reserve
/// and never use. RLIMIT_DATA exceeds the limit by far because it counts allocated, not used, memory: a program whose
/// allocation fails may exit with any status, so the reason would be unknown.
struct MemoryBound {
    /// The limit in bytes.
    let limit: Int
    private let group: ControlGroup?
    /// The maximum of our own checks, in bytes.
    private var peak = 0

    /// Time between two checks.
    private static let interval: Duration = .milliseconds(20)
    /// Bytes that a single process may allocate beyond the limit: an estimate of what it can use between two checks.
    private static let slack = 1 << 30

    /// - Parameter room: Where control groups can be created. If that fails, we check memory ourselves.
    init(limit: Int, room: ControlGroupRoom?) {
        self.limit = limit
        group = try? room?.makeGroup(memoryLimit: limit)
    }

    /// The confinement to start the program with.
    var confinement: Spawn.Confinement {
        if let group { return Spawn.Confinement(group: group) }
        return Spawn.Confinement(dataLimit: limit > Int.max - Self.slack ? .max : limit + Self.slack)
    }

    /// Time until the next check; `nil` if the kernel enforces the limit.
    var interval: Duration? { group == nil ? Self.interval : nil }

    /// Whether the memory exceeds the limit; always `false` if the kernel enforces the limit.
    mutating func look() -> Bool {
        guard group == nil else { return false }
        let processes = ProcessTable().descendants(of: ProcessTable.own).lazy.filter { !$0.hasEnded }.map(\.id)
        let bytes = MemoryUse.bytes(of: Array(processes), limit: limit)
        peak = max(peak, bytes)
        return bytes > limit
    }

    /// Cleans up after the program has ended: kills remaining processes of the control group and removes it.
    ///
    /// - Parameter wasKilled: Whether we killed the program after a check.
    /// - Returns: The peak memory in bytes if the program was killed for it; else `nil`.
    func close(wasKilled: Bool) -> Int? {
        guard let group else { return wasKilled ? peak : nil }
        let memory = group.memory
        group.close()
        return memory.kills > 0 ? max(memory.peak, limit) : nil
    }
}
