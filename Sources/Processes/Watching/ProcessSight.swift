/// Facts about a process that may be shown to other users: its program, and whether it is suspended.
package struct ProcessSight: Sendable, Hashable, CustomStringConvertible {
    /// Why a process is suspended.
    package enum Suspension: Sendable, Hashable {
        /// Stopped by a signal such as STOP, or by a debugger.
        case stopped
        /// Frozen with its control group, as in a paused container.
        case frozen
    }

    package let id: ProcessID
    /// The start time, which distinguishes the process from a later one with the same number.
    private let startTicks: UInt64
    /// The names of the program and its command, such as `celery celeryd`.
    package let program: String
    /// `nil` if the process is not suspended.
    package let suspension: Suspension?

    /// Inspects a process; `nil` if it does not exist or may not be inspected.
    package init?(of id: ProcessID) {
        guard let stat = ProcessStat(id), !stat.hasEnded else { return nil }
        self.id = id
        startTicks = stat.startTicks
        program = Self.program(of: id)
        suspension = stat.state == "T" || stat.state == "t" ? .stopped : Self.isFrozen(id) ? .frozen : nil
    }

    /// `process 17 (celery celeryd)`.
    package var description: String { "process \(id) (\(program))" }

    /// At most two words: later arguments may be passwords.
    private static func program(of id: ProcessID) -> String {
        let words = (ProcFile.text("/proc/\(id)/cmdline") ?? "").split(separator: "\0").prefix(2)
        guard let path = words.first else { return ProcFile.text("/proc/\(id)/comm") ?? "unknown" }
        let name = path.split(separator: "/").last.map(String.init) ?? String(path)
        guard let second = words.dropFirst().first, second.utf8.allSatisfy(isPlain), !second.hasPrefix("-") else { return name }
        return "\(name) \(second)"
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "/"):
            true
        default: false
        }
    }

    /// See cgroups(7): the file `cgroup.events` of version 2, `freezer.state` of version 1.
    private static func isFrozen(_ id: ProcessID) -> Bool {
        for line in (ProcFile.text("/proc/\(id)/cgroup") ?? "").split(separator: "\n") {
            let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3 else { continue }
            if parts[0] == "0", parts[1].isEmpty {
                let events = ProcFile.text("/sys/fs/cgroup\(parts[2])/cgroup.events") ?? ""
                if events.split(separator: "\n").contains("frozen 1") { return true }
            } else if parts[1] == "freezer", ProcFile.text("/sys/fs/cgroup/freezer\(parts[2])/freezer.state")?.hasPrefix("FR") == true {
                return true
            }
        }
        return false
    }
}
