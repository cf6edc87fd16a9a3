import Glibc

/// Names one process for good, unlike its number, which is given to others later: to be stored where other
/// processes, or the same machine after a restart, can ask whether it still lives.
package struct ProcessIdentity: Sendable, Hashable, CustomStringConvertible {
    /// Whether a process still runs.
    package enum Liveness: Sendable {
        case alive
        /// It has ended; a zombie has too.
        case dead
        /// It cannot be seen from here: another machine, another container, or a hidden `/proc`.
        case unknown
    }

    /// The process id, in its own pid namespace.
    package let id: ProcessID
    /// Clock ticks between the start of the machine and its own.
    package let startTicks: UInt64
    /// The kernel's name for this run of the machine.
    package let bootID: String
    /// The inode of its pid namespace. All machines give the first namespace the same number.
    package let namespace: UInt64
    /// Tells machines apart: `/etc/machine-id`, or `-` where there is none.
    package let machineID: String

    /// This process.
    package static let current = ProcessIdentity(of: getpid())

    /// A running process; `nil` if there is none of this number, or `/proc` is not there.
    package init?(of id: ProcessID) {
        guard let stat = ProcessStat(id), !stat.hasEnded, let here = Surrounding.current else { return nil }
        self.init(id: id, startTicks: stat.startTicks, here)
    }

    /// Reads what `description` wrote; `nil` for anything else.
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

    /// Whether it still runs, asked now.
    package var liveness: Liveness {
        guard let here = Surrounding.current, machineID == here.machineID else { return .unknown }
        // With a machine's name we know that its earlier run is over, whatever the namespace was. Without one
        // (containers) the boot may be another machine's, unless the namespace is ours.
        if bootID != here.bootID { return machineID != "-" || namespace == here.namespace ? .dead : .unknown }
        if namespace != here.namespace { return .unknown }
        if let stat = ProcessStat(id) { return stat.startTicks == startTicks && !stat.hasEnded ? .alive : .dead }
        // Mounted with hidepid, /proc does not show the processes of other users; `kill` knows of them.
        return kill(id, 0) == -1 && errno == ESRCH ? .dead : .unknown
    }

    /// What all processes of one run of one container have in common.
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
