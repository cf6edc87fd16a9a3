package import Glibc
import Processes

/// A folder that goes away with the test. Every user may look into it.
package final class TemporaryFolder: Sendable {
    package let path: String

    package init() {
        var template = Array("/tmp/celery-tests.XXXXXX".utf8CString)
        path = String(cString: mkdtemp(&template)!)
        chmod(path, 0o755)
    }

    deinit {
        // Whoever is not root must be able to enter what a test has closed.
        let script = "rm -rf \"$1\" 2>/dev/null || { chmod -R u+rwX \"$1\"; rm -rf \"$1\"; }"
        let removal = Spawn("/bin/sh", arguments: ["sh", "-c", script, "sh", path], environment: .current())
        _ = try? removal.start().wait()
    }

    /// The path of a file in it.
    package func file(_ name: String) -> String { "\(path)/\(name)" }

    /// Writes a file, making the folders above it, and returns its path.
    ///
    /// - Parameter mode: The permissions of the file, whatever the umask says.
    @discardableResult
    package func write(_ text: String, to name: String, mode: mode_t = 0o644) throws -> String {
        var folder = path
        for part in name.split(separator: "/").dropLast() {
            folder += "/\(part)"
            mkdir(folder, 0o755)
        }
        let descriptor = OwnedDescriptor(
            owning: try Syscall.check("create", path: name) {
                open(file(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
            })
        try descriptor.write(text)
        try Syscall.check("chmod", path: name) { fchmod(descriptor.number, mode) }
        return file(name)
    }

    /// Writes a program and returns its path.
    ///
    /// A process of its own writes it: had this one the file open for writing, a program
    /// that another test starts at this moment would hold it open too, and the kernel
    /// executes no file that somebody writes to (ETXTBSY).
    package func program(_ name: String, _ text: String) throws -> String {
        let source = try Pipe()
        let script = "cat > \"$1\" && chmod 755 \"$1\""
        var writer = Spawn("/bin/sh", arguments: ["sh", "-c", script, "sh", file(name)], environment: .current())
        writer.standardInput = .descriptor(source.readEnd)
        let process = try writer.start()
        source.readEnd.close()
        try source.writeEnd.write(text)
        source.writeEnd.close()
        let status = try process.wait().status
        guard status == .exited(0) else { throw SystemError(EIO, "write program", path: file(name), reason: "\(status)") }
        return file(name)
    }

    /// What a file holds; `nil` when there is none.
    package func read(_ name: String) -> String? { bytes(name).map { String(decoding: $0, as: UTF8.self) } }

    package func bytes(_ name: String) -> [UInt8]? {
        let number = open(file(name), O_RDONLY | O_CLOEXEC)
        guard number >= 0 else { return nil }
        return try? OwnedDescriptor(owning: number).readToEnd(limit: 1 << 30)
    }

    package func contains(_ name: String) -> Bool { access(file(name), F_OK) == 0 }

    /// The names of the files in it, sorted.
    package var names: [String] { FolderNames.of(path).filter { $0 != "." && $0 != ".." } }
}
