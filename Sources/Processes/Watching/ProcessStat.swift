import Glibc

/// The content of `/proc/PID/stat`: see proc_pid_stat(5).
package struct ProcessStat: Sendable, Equatable {
    package let id: ProcessID
    /// `R`unning, `S`leeping, `Z`ombie, ...
    package let state: Character
    package let parent: ProcessID
    package let group: ProcessID
    package let session: ProcessID
    /// The start time in clock ticks after boot (field 22).
    package let startTicks: UInt64

    /// Whether the process has ended and waits to be reaped.
    package var hasEnded: Bool { state == "Z" || state == "X" }

    /// `nil` if the process does not exist or may not be inspected.
    package init?(_ id: ProcessID) {
        guard let text = ProcFile.text("/proc/\(id)/stat") else { return nil }
        self.init(line: text)
    }

    /// Parses the content of the file.
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

/// Reads small files of the kernel.
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
            // Names of other entries begin with a letter or a dot; `atoi` returns 0 for them.
            let number = withUnsafePointer(to: &entry.pointee.d_name.0) { atoi($0) }
            if number > 0 { numbers.append(number) }
        }
        return numbers
    }

    /// The target of a symbolic link; `nil` if it cannot be read.
    ///
    /// The corresponding C function is `readlink`.
    static func link(_ path: String) -> String? {
        withUnsafeTemporaryAllocation(byteCount: Int(PATH_MAX), alignment: 1) { buffer in
            let count = readlink(path, buffer.baseAddress!, buffer.count)
            return count < 0 ? nil : String(decoding: buffer[..<count], as: UTF8.self)
        }
    }
}
