import CeleryCore
import Glibc

/// The first 100 bytes of a SQLite file, read without SQLite.
///
/// A foreign file must be left unchanged, and SQLite may write to any file it opens (recovery, journals), so the header is
/// checked first. Layout: sqlite.org/fileformat2.html, section 1.3.
struct FileHeader {
    let applicationID: Int32
    let userVersion: Int32

    /// What exists at a path.
    enum Content {
        case nothing
        case emptyFile
        case database(FileHeader)
        case anotherKind
    }

    /// - Throws: `DriverError` when the path cannot be read or is not a file.
    static func look(at path: String) throws(DriverError) -> Content {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        if descriptor < 0 {
            switch errno {
            case ENOENT: return .nothing
            case EACCES: throw DriverError(.noPermission, "cannot read database \(path): permission denied")
            case let code: throw DriverError(.unreachable, "cannot open database \(path): \(text(of: code))")
            }
        }
        // Safe only while the file is not open here through SQLite: see `OpenFiles`.
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw DriverError(.unusable, "\(path) is not a file")
        }
        if status.st_size == 0 { return .emptyFile }
        return read(descriptor).map(Content.database) ?? .anotherKind
    }

    /// The header of an open file; `nil` when it is not a database.
    static func read(_ descriptor: Int32) -> FileHeader? {
        var bytes = [UInt8](repeating: 0, count: 100)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        guard count == bytes.count, bytes.starts(with: Array("SQLite format 3\0".utf8)) else { return nil }
        func integer(at offset: Int) -> Int32 {
            Int32(bitPattern: bytes[offset..<offset + 4].reduce(0) { $0 << 8 | UInt32($1) })
        }
        return FileHeader(applicationID: integer(at: 68), userVersion: integer(at: 60))
    }

    /// - Returns: `nil` when there is no file.
    /// - Throws: `DriverError` for a file that is not a database.
    static func read(_ path: String) throws(DriverError) -> FileHeader? {
        switch try look(at: path) {
        case .nothing: return nil
        case .database(let header): return header
        case .emptyFile, .anotherKind:
            throw DriverError(
                .unusable, "\(path) is not a celery database, but some other kind of file",
                hint: "name another file with --broker sqlite:///PATH; this one was left unchanged")
        }
    }

    /// Refuses a file of another program, or of a later version of this one.
    func check(_ path: String) throws(DriverError) {
        guard applicationID == Schema.applicationID else {
            throw DriverError(
                .unusable, "\(path) is a SQLite database of another program",
                hint: "name another file with --broker sqlite:///PATH; this one was left unchanged")
        }
        guard userVersion <= Schema.version else {
            throw DriverError(
                .unusable,
                "\(path) was written by a newer celery (layout \(userVersion); this one reads up to \(Schema.version))",
                hint: "use the newer celery; the file was left unchanged")
        }
    }
}

/// `strerror`, in lower case.
func text(of code: Int32) -> String { String(cString: strerror(code)).lowercased() }
