import Glibc

/// The number of processes of our control group killed for lack of memory, by any limit.
///
/// Signal 9 alone does not show its cause; an increase of this number does.
package struct OutOfMemoryCount: Sendable {
    /// The file with the count; `nil` if this machine has none.
    private let file: String?

    /// The count of this process's own group.
    package static let own = OutOfMemoryCount(place: ControlGroupPlace(), groups: ProcFile.text("/proc/self/cgroup") ?? "")

    /// - Parameter groups: text of `/proc/self/cgroup`.
    private init(place: ControlGroupPlace, groups: String) {
        // Control groups v1, if they include the memory controller.
        let old = groups.split(separator: "\n").lazy.compactMap { line -> String? in
            let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3, parts[1].split(separator: ",").contains("memory") else { return nil }
            return "/sys/fs/cgroup/memory\(parts[2])/memory.oom_control"
        }
        self.init(candidates: (place.own.map { ["\($0)/memory.events"] } ?? []) + old)
    }

    /// - Parameter candidates: possible files; the first that contains a count is used.
    package init(candidates: [String]) {
        file = candidates.first { ControlFile.count("oom_kill", in: $0) != nil }
    }

    /// The number so far; 0 if there is no count.
    package func read() -> Int { file.flatMap { ControlFile.count("oom_kill", in: $0) } ?? 0 }
}
