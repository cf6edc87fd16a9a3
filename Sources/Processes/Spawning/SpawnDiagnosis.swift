import Glibc

/// Finds out why a program could not be executed: `errno` alone says ENOENT both for a missing
/// program and for one whose `#!` line names a missing interpreter.
struct SpawnDiagnosis {
    private let spawn: Spawn

    init(_ spawn: Spawn) {
        self.spawn = spawn
    }

    /// The error to throw for what `posix_spawn` returned.
    func error(for code: Int32) -> SystemError {
        SystemError(code, "run", path: spawn.executable, reason: reason(for: code))
    }

    private func reason(for code: Int32) -> String? {
        if let directory = spawn.workingDirectory, access(directory, X_OK) != 0 {
            return "working directory \(directory): \(SystemError.text(of: errno))"
        }
        return switch code {
        case ENOENT: missing
        case EACCES: forbidden
        case ETXTBSY: "the file is open for writing"
        case ENOEXEC: "no '#!' line, and not a program"
        case E2BIG: tooLong
        default: nil
        }
    }

    private var missing: String? {
        guard access(path, F_OK) == 0 else { return nil }
        guard let interpreter else { return "its dynamic loader is not installed" }
        guard interpreter.hasSuffix("\r") else { return "interpreter '\(interpreter)' not found" }
        return "interpreter '\(interpreter.dropLast())' not found: the '#!' line ends in a carriage return"
    }

    private var forbidden: String? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        if status.st_mode & S_IFMT != S_IFREG { return "not a file" }
        if status.st_mode & 0o111 == 0 { return "not marked as executable" }
        if access(path, X_OK) == 0, let interpreter, access(interpreter, X_OK) != 0 {
            return "interpreter '\(interpreter)': \(SystemError.text(of: errno))"
        }
        return nil
    }

    private var tooLong: String {
        // MAX_ARG_STRLEN of <linux/binfmts.h>: 32 pages, also for one environment variable.
        let limit = 32 * sysconf(Int32(_SC_PAGESIZE))
        if let index = spawn.arguments.firstIndex(where: { $0.count >= limit }) {
            return "argument \(index) is \(spawn.arguments[index].count) bytes long, and the limit is \(limit - 1)"
        }
        let total = spawn.arguments.reduce(0) { $0 + $1.count + 1 }
            + spawn.environment.entries.reduce(0) { $0 + $1.count + 1 }
        return "arguments and environment are too long together (\(total) bytes)"
    }

    /// The path of the executable from the child's working folder.
    private var path: String {
        guard let directory = spawn.workingDirectory, !spawn.executable.hasPrefix("/") else { return spawn.executable }
        return "\(directory)/\(spawn.executable)"
    }

    /// The interpreter in the `#!` line; `nil` without such a line.
    private var interpreter: String? {
        let number = open(path, O_RDONLY | O_CLOEXEC)
        guard number >= 0 else { return nil }
        let file = OwnedDescriptor(owning: number)
        // The kernel reads no more of the line (BINPRM_BUF_SIZE).
        guard let bytes = try? file.readToEnd(limit: 256), bytes.starts(with: "#!".utf8) else { return nil }
        let line = bytes.dropFirst(2).prefix { $0 != UInt8(ascii: "\n") }
        let words = String(decoding: line, as: UTF8.self).split { $0 == " " || $0 == "\t" }
        return words.first.map(String.init)
    }
}
