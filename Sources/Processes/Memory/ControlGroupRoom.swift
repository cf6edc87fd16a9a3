import CLinux
import Glibc
import Synchronization

/// A folder of control groups (cgroups v2) that is left to us, in which each run of a program gets a group of its own.
///
/// A group bears the name of the process that made it, so that whoever comes later can tell which are left over.
package struct ControlGroupRoom: Sendable {
    package let path: String
    private let remove: @Sendable (String) -> Bool

    private static let prefix = "celery-task."
    private static let lastNumber = Atomic(0)

    /// - Parameters:
    ///   - path: The folder; processes are in groups below it, not in itself.
    ///   - remove: Takes an empty group away and says whether it could; tests stand in for the kernel here.
    package init(path: String, remove: @escaping @Sendable (String) -> Bool = { rmdir($0) == 0 }) {
        self.path = path
        self.remove = remove
    }

    /// Makes a group with a limit of memory, for one program and all it starts.
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

    /// Ends the groups whose makers are gone, and kills what is in them.
    package func sweep() {
        guard let stream = opendir(path) else { return }
        defer { closedir(stream) }
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name.0) { String(cString: $0) }
            guard name.hasPrefix(Self.prefix) else { continue }
            let parts = name.dropFirst(Self.prefix.count).split(separator: ".")
            guard parts.count == 3, let id = ProcessID(parts[0]), let ticks = UInt64(parts[1]) else { continue }
            if let stat = ProcessStat(id), stat.startTicks == ticks, !stat.hasEnded { continue }
            // Hidden from us it may still live.
            if ProcessStat(id) == nil, kill(id, 0) == 0 || errno == EPERM { continue }
            ControlGroup(path: "\(path)/\(name)", remove: remove).close()
        }
    }
}
