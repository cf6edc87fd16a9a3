import Glibc

/// Tells whether the kernel has killed for lack of memory lately, as far as this process can see.
///
/// It counts what it kills: for the cgroup this process is in, and what is below, in `memory.events` (cgroup v2)
/// or `memory.oom_control` (v1); for the whole machine in `/proc/vmstat`. A process that was killed cannot tell itself.
package struct MemoryKills: Sendable {
    private let path: String
    private var seen: Int

    /// Counts from now on.
    package init() {
        path = Self.places.first { Self.count(in: $0) != nil } ?? "/proc/vmstat"
        seen = Self.count(in: path) ?? 0
    }

    /// Whether it killed since it was asked last. Reads a small file.
    package mutating func hasKilled() -> Bool {
        guard let count = Self.count(in: path) else { return false }
        defer { seen = count }
        return count > seen
    }

    private static var places: [String] {
        let lines = (ProcFile.text("/proc/self/cgroup") ?? "").split(separator: "\n")
        let cgroups = lines.map { $0.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false) }.filter { $0.count == 3 }
        return cgroups.compactMap { parts in
            if parts[0] == "0" { return "/sys/fs/cgroup\(parts[2] == "/" ? "" : parts[2])/memory.events" }
            return parts[1] == "memory" ? "/sys/fs/cgroup/memory\(parts[2])/memory.oom_control" : nil
        }
    }

    /// The number behind `oom_kill`.
    private static func count(in path: String) -> Int? {
        for line in (ProcFile.text(path) ?? "").split(separator: "\n") where line.hasPrefix("oom_kill ") {
            return Int(line.dropFirst("oom_kill ".count))
        }
        return nil
    }
}
