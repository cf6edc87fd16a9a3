import Glibc

/// The number of processes of our control group killed for lack of memory, by any limit.
///
/// Signal 9 alone does not show its cause; an increase of this number does.
package struct OutOfMemoryCount: Sendable {
    /// The file with the count, kept open since it is read for each run of a program; `nil` if this machine has none.
    private let file: OwnedDescriptor?

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
        file = candidates.lazy.compactMap { path in
            let number = open(path, O_RDONLY | O_CLOEXEC)
            return number < 0 ? nil : OwnedDescriptor(owning: number)
        }.first { Self.count(in: $0) != nil }
    }

    /// The number so far; 0 if there is no count.
    package func read() -> Int { file.flatMap(Self.count) ?? 0 }

    /// The corresponding C function is `pread`.
    private static func count(in file: OwnedDescriptor) -> Int? {
        withUnsafeTemporaryAllocation(byteCount: 1_024, alignment: 1) { buffer in
            let length = pread(file.number, buffer.baseAddress, buffer.count, 0)
            return length > 0 ? ControlFile.count("oom_kill", in: buffer[..<length]) : nil
        }
    }
}
