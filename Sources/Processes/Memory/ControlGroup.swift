import Glibc

/// A control group of one program run (cgroups v2): the kernel counts the memory of everything in it, and kills
/// all of it at once when that passes the limit.
package struct ControlGroup: Sendable {
    /// Its folder.
    package let path: String
    private let remove: @Sendable (String) -> Bool

    init(path: String, remove: @escaping @Sendable (String) -> Bool) {
        self.path = path
        self.remove = remove
    }

    /// What the kernel has told of a group's memory.
    package struct Memory: Sendable, Equatable {
        /// Processes it killed for want of memory.
        package var kills: Int
        /// The most bytes there were at a time; 0 when this kernel (before 5.19) does not say.
        package var peak: Int
    }

    /// Bounds its memory. Swap is none: a limit that could be swapped past would be none.
    ///
    /// The corresponding files are `memory.max`, `memory.swap.max` and `memory.oom.group`.
    func limitMemory(to bytes: Int) throws(SystemError) {
        try ControlFile.write("\(bytes)", to: "\(path)/memory.max")
        // Missing where swap is not accounted for, and then there is none.
        try? ControlFile.write("0", to: "\(path)/memory.swap.max")
        try ControlFile.write("1", to: "\(path)/memory.oom.group")
    }

    /// Opened for the writing of process ids.
    func openProcesses() throws(SystemError) -> OwnedDescriptor {
        let file = "\(path)/cgroup.procs"
        return OwnedDescriptor(owning: try Syscall.check("open", path: file) { open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644) })
    }

    /// Its memory up to now.
    ///
    /// The corresponding files are `memory.events` and `memory.peak`.
    package var memory: Memory {
        let kills = ControlFile.count("oom_kill", in: "\(path)/memory.events") ?? 0
        return Memory(kills: kills, peak: ProcFile.text("\(path)/memory.peak").flatMap { Int($0) } ?? 0)
    }

    /// Kills everything in it, whatever it has become, and takes the group away. Blocks for a second at most; what
    /// then is still there is left to the next `ControlGroupRoom.sweep`.
    ///
    /// The corresponding files are `cgroup.kill`, and `cgroup.procs` on kernels before 5.14; then `rmdir`.
    package func close() {
        let deadline = Deadline(after: .seconds(1))
        while true {
            let left = ProcFile.text("\(path)/cgroup.procs")?.split(separator: "\n").compactMap { ProcessID($0) } ?? []
            if !left.isEmpty, (try? ControlFile.write("1", to: "\(path)/cgroup.kill")) == nil {
                for process in left where process > 0 { kill(process, SIGKILL) }
            }
            // Busy while the dead have not been taken off by the kernel.
            if remove(path) || errno == ENOENT || deadline.hasPassed { return }
            Syscall.pause(.milliseconds(1))
        }
    }
}

/// The files of control groups: short texts that are read and written whole.
enum ControlFile {
    /// Kernel files are there already; creating is for folders that stand in for the kernel's.
    static func write(_ text: String, to path: String) throws(SystemError) {
        let number = try Syscall.check("open", path: path) { open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644) }
        let file = OwnedDescriptor(owning: number)
        do {
            try file.write(text)
        } catch {
            throw SystemError(error.code, "write \(text) to", path: path)
        }
    }

    /// The number behind a word at the beginning of a line.
    static func count(_ word: String, in path: String) -> Int? {
        guard let text = ProcFile.text(path) else { return nil }
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.count == 2, words[0] == word { return Int(words[1]) }
        }
        return nil
    }
}
