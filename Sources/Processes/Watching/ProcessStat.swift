import Glibc

/// One line of `/proc/PID/stat`: see proc_pid_stat(5).
package struct ProcessStat: Sendable, Equatable {
    package let id: ProcessID
    /// `R`unning, `S`leeping, `Z`ombie, ...
    package let state: Character
    package let parent: ProcessID
    package let group: ProcessID
    package let session: ProcessID
    /// When it started, in clock ticks since the machine did (field 22).
    package let startTicks: UInt64

    /// Whether it has ended, and only its status remains.
    package var hasEnded: Bool { state == "Z" || state == "X" }

    /// `nil` if there is no such process, or this process may not look at it.
    package init?(_ id: ProcessID) {
        guard let text = ProcFile.text("/proc/\(id)/stat") else { return nil }
        self.init(line: text)
    }

    /// Reads such a line.
    package init?(line: String) {
        // The second field is the program's name in parentheses, and may contain blanks and parentheses itself.
        guard let id = ProcessID(line.prefix { $0 != " " }), let end = line.lastIndex(of: ")") else { return nil }
        let fields = line[end...].split(separator: " ")
        guard fields.count > 20, let parent = ProcessID(fields[2]), let group = ProcessID(fields[3]),
            let session = ProcessID(fields[4]), let startTicks = UInt64(fields[20])
        else { return nil }
        self.id = id
        self.state = fields[1].first!
        self.parent = parent
        self.group = group
        self.session = session
        self.startTicks = startTicks
    }
}

/// Small files of the kernel.
enum ProcFile {
    /// The content, without the last line break; `nil` if it cannot be read.
    static func text(_ path: String) -> String? {
        let number = open(path, O_RDONLY | O_CLOEXEC)
        guard number >= 0 else { return nil }
        let file = OwnedDescriptor(owning: number)
        // A process that ends between open and read makes the read fail: ESRCH.
        guard var bytes = try? file.readToEnd() else { return nil }
        if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The numbers among the names in a folder: process or thread ids.
    ///
    /// The corresponding C functions are `opendir` and `readdir`.
    static func numbers(in folder: String) -> [ProcessID] {
        guard let stream = opendir(folder) else { return [] }
        defer { closedir(stream) }
        var numbers: [ProcessID] = []
        while let entry = readdir(stream) {
            // Names of other things than processes begin with a letter or a dot, and `atoi` makes them 0.
            let number = withUnsafePointer(to: &entry.pointee.d_name.0) { atoi($0) }
            if number > 0 { numbers.append(number) }
        }
        return numbers
    }

    /// What a symbolic link says.
    ///
    /// The corresponding C function is `readlink`.
    static func link(_ path: String) -> String? {
        withUnsafeTemporaryAllocation(byteCount: Int(PATH_MAX), alignment: 1) { buffer in
            let count = readlink(path, buffer.baseAddress!, buffer.count)
            return count < 0 ? nil : String(decoding: buffer[..<count], as: UTF8.self)
        }
    }
}
