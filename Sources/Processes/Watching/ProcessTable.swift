import Glibc

/// Finds descendants of processes, as listed by the kernel.
package struct ProcessTable: Sendable {
    private let usesChildrenFiles: Bool

    /// The number of this process.
    package static var own: ProcessID { getpid() }

    /// - Parameter usesChildrenFiles: Whether to read `/proc/PID/task/TID/children`, in time proportional to the number
    ///   of descendants. Otherwise (kernels without `PROC_CHILDREN`) all of `/proc` is read.
    package init(usesChildrenFiles: Bool = access("/proc/thread-self/children", R_OK) == 0) {
        self.usesChildrenFiles = usesChildrenFiles
    }

    /// All descendants of a process, parents before their children, including zombies.
    ///
    /// - Parameter spared: Processes to omit, with their descendants.
    package func descendants(of ancestor: ProcessID, sparing spared: Set<ProcessID> = []) -> [ProcessStat] {
        let children = usesChildrenFiles ? Self.listedChildren : Self.scannedChildren()
        var found: [ProcessStat] = []
        var seen = spared.union([ancestor])
        var waiting = [ancestor]
        while let parent = waiting.popLast() {
            for child in children(parent) where seen.insert(child).inserted {
                guard let stat = ProcessStat(child) else { continue }
                found.append(stat)
                waiting.append(child)
            }
        }
        return found
    }

    /// All processes of a session that have not ended, including its leader.
    package static func session(_ id: ProcessID) -> [ProcessStat] {
        ProcFile.numbers(in: "/proc").compactMap { ProcessStat($0) }.filter { $0.session == id && !$0.hasEnded }
    }

    /// The children of all threads of a process.
    private static func listedChildren(of parent: ProcessID) -> [ProcessID] {
        ProcFile.numbers(in: "/proc/\(parent)/task").flatMap { thread in
            let line = ProcFile.text("/proc/\(parent)/task/\(thread)/children") ?? ""
            return line.split(separator: " ").compactMap { ProcessID($0) }
        }
    }

    /// Finds children by reading the table of all processes once.
    private static func scannedChildren() -> (ProcessID) -> [ProcessID] {
        let all = ProcFile.numbers(in: "/proc").compactMap { ProcessStat($0) }
        let byParent = Dictionary(grouping: all, by: \.parent).mapValues { $0.map(\.id) }
        return { byParent[$0] ?? [] }
    }
}
