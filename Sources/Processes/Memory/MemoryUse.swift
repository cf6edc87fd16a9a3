import Glibc

/// The private memory of processes, without mapped programs and libraries.
package enum MemoryUse {
    /// Bytes of one process; 0 if it has ended.
    ///
    /// The corresponding file is `/proc/PID/statm`: resident pages minus those of files and shared memory.
    package static func bytes(of process: ProcessID) -> Int {
        guard let fields = ProcFile.text("/proc/\(process)/statm")?.split(separator: " "), fields.count > 2,
            let resident = Int(fields[1]), let shared = Int(fields[2])
        else { return 0 }
        return max(0, resident - shared) * pageSize
    }

    /// The total bytes of several processes.
    ///
    /// - Parameter limit: If the sum exceeds this, a slower method counts pages shared after a fork
    ///   only once.
    package static func bytes(of processes: [ProcessID], limit: Int) -> Int {
        let each = processes.map(bytes(of:))
        let sum = each.reduce(0, +)
        guard sum > limit, each.count(where: { $0 > 0 }) > 1 else { return sum }
        return zip(processes, each).reduce(0) { $0 + (proportionalBytes(of: $1.0) ?? $1.1) }
    }

    /// The size of all pages, each divided by the number of processes that share it. Slow: the kernel visits all pages.
    ///
    /// The corresponding file is `/proc/PID/smaps_rollup`, field `Pss_Anon` in kilobytes.
    private static func proportionalBytes(of process: ProcessID) -> Int? {
        guard let text = ProcFile.text("/proc/\(process)/smaps_rollup") else { return nil }
        for line in text.split(separator: "\n") where line.hasPrefix("Pss_Anon:") {
            return line.split(separator: " ").dropFirst().first.flatMap { Int($0) }.map { $0 * 1_024 }
        }
        return nil
    }

    private static let pageSize = sysconf(Int32(_SC_PAGESIZE))
}
