import Glibc

/// How many processes of our control group the kernel has killed for want of memory, whoever's limit it was.
///
/// Signal 9 alone does not tell who sent it; this number does, when it has grown.
package struct OutOfMemoryCount: Sendable {
    /// The file that counts; `nil` when this machine has none.
    private let file: String?

    /// The count of this process's own group.
    package static let own = OutOfMemoryCount(place: ControlGroupPlace(), groups: ProcFile.text("/proc/self/cgroup") ?? "")

    /// - Parameter groups: text of `/proc/self/cgroup`.
    private init(place: ControlGroupPlace, groups: String) {
        // Of version 1, where memory still is in that.
        let old = groups.split(separator: "\n").lazy.compactMap { line -> String? in
            let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3, parts[1].split(separator: ",").contains("memory") else { return nil }
            return "/sys/fs/cgroup/memory\(parts[2])/memory.oom_control"
        }
        self.init(candidates: (place.own.map { ["\($0)/memory.events"] } ?? []) + old)
    }

    /// - Parameter candidates: files that may count; the first that does is read.
    package init(candidates: [String]) {
        file = candidates.first { ControlFile.count("oom_kill", in: $0) != nil }
    }

    /// The number up to now; 0 where nobody counts.
    package func read() -> Int { file.flatMap { ControlFile.count("oom_kill", in: $0) } ?? 0 }
}
