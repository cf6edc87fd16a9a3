import Glibc

/// Identifies a process permanently, unlike its number, which is reused. Other processes, or the same machine
/// after a restart, can use a stored identity to find out whether the process is alive.
package struct ProcessIdentity: Sendable, Hashable, CustomStringConvertible {
    /// Whether a process still runs.
    package enum Liveness: Sendable {
        case alive
        /// The process has ended; zombies count as ended.
        case dead
        /// The process is not visible: another machine, another container, or a hidden `/proc`.
        case unknown
    }

    /// The process id in its pid namespace.
    package let id: ProcessID
    /// The start of the process in clock ticks after the boot of the machine.
    package let startTicks: UInt64
    /// The kernel's id of this boot of the machine.
    package let bootID: String
    /// The inode of the pid namespace. The first namespace has the same number on all machines.
    package let namespace: UInt64
    /// The id of the machine: `/etc/machine-id`, or `-` if there is none.
    package let machineID: String

    /// This process.
    package static let current = ProcessIdentity(of: getpid())

    /// The identity of a running process; `nil` if there is no such process, or no `/proc`.
    package init?(of id: ProcessID) {
        guard let stat = ProcessStat(id), !stat.hasEnded, let here = Surrounding.current else { return nil }
        self.init(id: id, startTicks: stat.startTicks, here)
    }

    /// Parses the format of `description`; `nil` for any other text.
    package init?(_ description: String) {
        let parts = description.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 5, let id = ProcessID(parts[0]), id > 0, let startTicks = UInt64(parts[1]),
            let namespace = UInt64(parts[3]), !parts[2].isEmpty, !parts[4].isEmpty
        else { return nil }
        let there = Surrounding(bootID: String(parts[2]), namespace: namespace, machineID: String(parts[4]))
        self.init(id: id, startTicks: startTicks, there)
    }

    private init(id: ProcessID, startTicks: UInt64, _ surrounding: Surrounding) {
        self.id = id
        self.startTicks = startTicks
        bootID = surrounding.bootID
        namespace = surrounding.namespace
        machineID = surrounding.machineID
    }

    /// `PID:START:BOOT:NAMESPACE:MACHINE`.
    package var description: String { "\(id):\(startTicks):\(bootID):\(namespace):\(machineID)" }

    /// Whether the process is running now.
    package var liveness: Liveness {
        guard let here = Surrounding.current, machineID == here.machineID else { return .unknown }
        // With a machine id, a different boot id means that the earlier boot is over, whatever the namespace. Without
        // a machine id (containers) the boot may be another machine's, unless the namespace is ours.
        if bootID != here.bootID { return machineID != "-" || namespace == here.namespace ? .dead : .unknown }
        if namespace != here.namespace { return .unknown }
        if let stat = ProcessStat(id) { return stat.startTicks == startTicks && !stat.hasEnded ? .alive : .dead }
        // With hidepid, /proc does not show processes of other users, but `kill` does.
        return kill(id, 0) == -1 && errno == ESRCH ? .dead : .unknown
    }

    /// The parts that all processes of one boot of a container have in common.
    private struct Surrounding {
        let bootID: String
        let namespace: UInt64
        let machineID: String

        static let current: Surrounding? = {
            guard let bootID = ProcFile.text("/proc/sys/kernel/random/boot_id"),
                let link = ProcFile.link("/proc/self/ns/pid"),  // pid:[4026531836]
                let namespace = UInt64(link.dropFirst(5).dropLast())
            else { return nil }
            let machineID = ProcFile.text("/etc/machine-id") ?? ""
            return Surrounding(bootID: bootID, namespace: namespace, machineID: machineID.isEmpty ? "-" : machineID)
        }()
    }
}
