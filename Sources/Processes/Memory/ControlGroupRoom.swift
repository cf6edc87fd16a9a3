import CLinux
import Glibc
import Synchronization

/// A folder of control groups (cgroups v2) delegated to this program, where each program run gets its own group.
///
/// The name of a group identifies the process that made it, so that later processes can find abandoned groups.
package struct ControlGroupRoom: Sendable {
    package let path: String
    private let remove: @Sendable (String) -> Bool

    private static let prefix = "celery-task."
    private static let lastNumber = Atomic(0)

    /// - Parameters:
    ///   - path: The folder; processes are in groups below it, not in itself.
    ///   - remove: Removes an empty group and returns whether it succeeded; tests substitute the kernel's part.
    package init(path: String, remove: @escaping @Sendable (String) -> Bool = { rmdir($0) == 0 }) {
        self.path = path
        self.remove = remove
    }

    /// Makes a group with a memory limit for a program and its descendants.
    package func makeGroup(memoryLimit: Int) throws(SystemError) -> ControlGroup {
        let maker = ProcessIdentity.current
        let number = Self.lastNumber.add(1, ordering: .relaxed).newValue
        let name = "\(Self.prefix)\(getpid()).\(maker?.startTicks ?? 0).\(number)"
        let group = ControlGroup(path: "\(path)/\(name)", remove: remove)
        try Syscall.check("create control group", path: group.path) { mkdir(group.path, 0o755) }
        do {
            try group.limitMemory(to: memoryLimit)
        } catch {
            group.close()
            throw error
        }
        return group
    }

    /// Kills the processes of abandoned groups, and removes the groups.
    package func sweep() {
        for name in FolderNames.of(path) where name.hasPrefix(Self.prefix) {
            let parts = name.dropFirst(Self.prefix.count).split(separator: ".")
            guard parts.count == 3, let id = ProcessID(parts[0]), let ticks = UInt64(parts[1]) else { continue }
            if let stat = ProcessStat(id), stat.startTicks == ticks, !stat.hasEnded { continue }
            // The process may be alive but hidden from us.
            if ProcessStat(id) == nil, kill(id, 0) == 0 || errno == EPERM { continue }
            ControlGroup(path: "\(path)/\(name)", remove: remove).close()
        }
    }
}
