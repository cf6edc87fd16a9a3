import CeleryCore
import Glibc

/// The file-system attributes of a file.
struct ProgramFile {
    enum Kind: Equatable {
        case folder
        case regular
        /// A socket, a device or a pipe.
        case special
    }

    var kind: Kind
    /// Identifies the file or folder independently of its path.
    var identity: Identity
    /// Whether any of the execute permission bits is set.
    var hasRunBit: Bool
    /// All attributes.
    let status: stat

    struct Identity: Hashable {
        var device: UInt64
        var number: UInt64
    }

    /// Reads the attributes of a file. Follows symbolic links.
    init(_ path: String) throws(FileError) {
        var status = stat()
        guard stat(path, &status) == 0 else { throw FileError(number: errno) }
        kind =
            switch status.st_mode & S_IFMT {
            case S_IFDIR: .folder
            case S_IFREG: .regular
            default: .special
            }
        identity = Identity(device: UInt64(status.st_dev), number: UInt64(status.st_ino))
        hasRunBit = status.st_mode & 0o111 != 0
        self.status = status
    }

    /// Whether a file is a symbolic link. The corresponding C function is `lstat`.
    static func isLink(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK
    }

    /// Whether this process may execute the file. The corresponding C function is `faccessat` with AT_EACCESS.
    static func mayRun(_ path: String) -> Bool { faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) == 0 }

    /// The first `TaskOptionLine.maximumBytes` bytes of a file.
    static func head(of path: String) throws(FileError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw FileError(number: errno) }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: TaskOptionLine.maximumBytes)
        var filled = 0
        while filled < bytes.count {
            let count = bytes[filled...].withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw FileError(number: errno) }
            if count == 0 { break }
            filled += count
        }
        bytes.removeLast(bytes.count - filled)
        return bytes
    }

    /// The names of a folder's entries, sorted.
    static func names(in folder: String) throws(FileError) -> [String] {
        guard let handle = opendir(folder) else { throw FileError(number: errno) }
        defer { closedir(handle) }
        var names: [String] = []
        while let entry = readdir(handle) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// Whether a file without execute permission was probably meant to be a program: it names an interpreter, or is an ELF
    /// binary.
    static func looksLikeProgram(_ head: [UInt8]) -> Bool {
        head.starts(with: "#!".utf8) || head.starts(with: [0x7F, 0x45, 0x4C, 0x46])
    }
}

/// A system error number.
struct FileError: Error {
    var number: Int32
    /// The error text: `permission denied`.
    var reason: String { String(cString: strerror(number)).lowercased() }
}
