import Glibc

/// A control group of one program run (cgroups v2): the kernel counts the memory of all its processes, and kills
/// all of them if the total exceeds the limit.
package struct ControlGroup: Sendable {
    /// The folder of the group.
    package let path: String
    private let remove: @Sendable (String) -> Bool

    init(path: String, remove: @escaping @Sendable (String) -> Bool) {
        self.path = path
        self.remove = remove
    }

    /// The kernel's statistics of a group's memory.
    package struct Memory: Sendable, Equatable {
        /// The number of processes killed for lack of memory.
        package var kills: Int
        /// The peak usage in bytes; 0 on kernels before 5.19, which do not report it.
        package var peak: Int
    }

    /// Limits memory. Swap is disabled, since it would defeat the limit.
    ///
    /// The corresponding files are `memory.max`, `memory.swap.max` and `memory.oom.group`.
    func limitMemory(to bytes: Int) throws(SystemError) {
        try ControlFile.write("\(bytes)", to: "\(path)/memory.max")
        // The file is missing if swap is not accounted.
        try? ControlFile.write("0", to: "\(path)/memory.swap.max")
        try ControlFile.write("1", to: "\(path)/memory.oom.group")
    }

    /// Opens the file to which process ids are written.
    func openProcesses() throws(SystemError) -> OwnedDescriptor {
        let file = "\(path)/cgroup.procs"
        return OwnedDescriptor(owning: try Syscall.check("open", path: file) { open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644) })
    }

    /// The memory statistics so far.
    ///
    /// The corresponding files are `memory.events` and `memory.peak`.
    package var memory: Memory {
        let kills = ControlFile.count("oom_kill", in: "\(path)/memory.events") ?? 0
        return Memory(kills: kills, peak: ProcFile.text("\(path)/memory.peak").flatMap { Int($0) } ?? 0)
    }

    /// Kills all processes in the group and removes the group. Blocks for at most a second; a group that
    /// remains is left to the next `ControlGroupRoom.sweep`.
    ///
    /// The corresponding files are `cgroup.kill`, and `cgroup.procs` on kernels before 5.14; then `rmdir`.
    package func close() {
        let deadline = Deadline(after: .seconds(1))
        while true {
            let left = ProcFile.text("\(path)/cgroup.procs")?.split(separator: "\n").compactMap { ProcessID($0) } ?? []
            if !left.isEmpty, (try? ControlFile.write("1", to: "\(path)/cgroup.kill")) == nil {
                for process in left where process > 0 { kill(process, SIGKILL) }
            }
            // EBUSY until the kernel has removed the dead processes.
            if remove(path) || errno == ENOENT || deadline.hasPassed { return }
            Syscall.pause(.milliseconds(1))
        }
    }
}

/// The files of control groups: short texts, read and written as a whole.
enum ControlFile {
    /// Kernel files always exist; files are created only in test folders.
    static func write(_ text: String, to path: String) throws(SystemError) {
        let number = try Syscall.check("open", path: path) { open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644) }
        let file = OwnedDescriptor(owning: number)
        do {
            try file.write(text)
        } catch {
            throw SystemError(error.code, "write \(text) to", path: path)
        }
    }

    /// The number after a word at the beginning of a line of a file.
    static func count(_ word: String, in path: String) -> Int? { ProcFile.text(path).flatMap { count(word, in: $0.utf8) } }

    /// The number after a word at the beginning of a line.
    static func count(_ word: String, in text: some Collection<UInt8>) -> Int? {
        for line in text.split(separator: UInt8(ascii: "\n")) where line.starts(with: word.utf8) {
            let rest = line.dropFirst(word.utf8.count)
            guard rest.first == UInt8(ascii: " ") else { continue }
            return Int(String(decoding: rest.dropFirst(), as: UTF8.self))
        }
        return nil
    }
}
