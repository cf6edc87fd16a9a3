import Glibc

/// Whether a visible process is about to disappear.
enum ProcessEnding {
    /// The process has a pending KILL, is being torn down by the kernel, or is a zombie.
    ///
    /// From `State`, `SigPnd` and `ShdPnd` of `/proc/PID/status`, and the flag `PF_EXITING` in `/proc/PID/stat` (proc(5)).
    static func isUnderWay(of id: ProcessID) -> Bool {
        guard let status = ProcFile.text("/proc/\(id)/status"), let stat = ProcFile.text("/proc/\(id)/stat") else { return true }
        let kill = UInt64(1) << UInt64(SIGKILL - 1)
        for line in status.split(separator: "\n") {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { continue }
            let value = parts[1].drop(while: \.isWhitespace)
            switch parts[0] {
            case "State": if value.hasPrefix("Z") || value.hasPrefix("X") { return true }
            case "SigPnd", "ShdPnd": if UInt64(value, radix: 16).map({ $0 & kill != 0 }) ?? false { return true }
            default: break
            }
        }
        // Field 9, the seventh after the name in parentheses.
        let fields = stat[(stat.lastIndex(of: ")") ?? stat.startIndex)...].split(separator: " ")
        let exiting: UInt64 = 0x4
        return fields.count > 7 && UInt64(fields[7]).map { $0 & exiting != 0 } ?? false
    }
}
