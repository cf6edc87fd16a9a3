import Glibc
import Processes

/// Reads lines of a file or of stdin, block by block.
///
/// A pipe that must be read twice is copied to an unlinked temporary file.
final class LineSource {
    private let file: String
    private let descriptor: OwnedDescriptor
    private let copy: OwnedDescriptor?
    private var reading: OwnedDescriptor
    private var buffer: [UInt8] = []
    private var piece = [UInt8](repeating: 0, count: 1 << 16)
    private var start = 0
    /// Bytes after `start` known to hold no newline, so that a long line is searched only once.
    private var searched = 0
    /// The offset of the first line: a file on stdin may have been read in part.
    private let origin: off_t
    private var isAtEnd = false
    private let separator: UInt8
    /// Bytes read from the file so far.
    private var taken = 0
    /// Bytes of a regular file after `origin`; `nil` for other files.
    private let size: Int?

    /// - Parameters:
    ///   - file: a path, or `-` for stdin.
    ///   - separator: the byte that ends a line.
    init(file: String, separator: UInt8 = UInt8(ascii: "\n"), isReadTwice: Bool = false) throws {
        self.file = file
        self.separator = separator
        if file == "-" {
            descriptor = OwnedDescriptor(owning: dup(STDIN_FILENO))
        } else {
            let number = open(file, O_RDONLY | O_CLOEXEC)
            guard number >= 0 else {
                let reason = String(cString: strerror(errno)).lowercased()
                throw CommandError(errno == EACCES ? ExitCode.noPermission : ExitCode.badData, "cannot read \(file): \(reason)")
            }
            descriptor = OwnedDescriptor(owning: number)
        }
        reading = descriptor
        origin = max(0, lseek(descriptor.number, 0, SEEK_CUR))
        let canSeek = lseek(descriptor.number, 0, SEEK_CUR) >= 0
        copy = isReadTwice && !canSeek ? try Self.temporaryFile() : nil
        var status = stat()
        size = fstat(descriptor.number, &status) == 0 && status.st_mode & S_IFMT == S_IFREG ? Int(status.st_size - origin) : nil
    }

    /// How much of a regular file has been consumed, from 0 to 1; `nil` for other files.
    var share: Double? {
        guard let size, size > 0 else { return nil }
        return Double(taken - (buffer.count - start)) / Double(size)
    }

    /// Whether so many lines, or the last ones, can be had without reading.
    func has(_ count: Int) -> Bool {
        if isAtEnd { return true }
        var from = start + searched
        for _ in 0..<count {
            guard let newline = newline(from: from) else { return false }
            from = newline + 1
        }
        return true
    }

    /// The next line without its separator; `nil` at the end.
    func next() throws -> [UInt8]? {
        while true {
            if let newline = newline(from: start + searched) {
                defer { (start, searched) = (newline + 1, 0) }
                return Array(buffer[start..<newline])
            }
            searched = buffer.count - start
            if isAtEnd {
                guard start < buffer.count else { return nil }
                defer { (start, searched) = (buffer.count, 0) }
                return Array(buffer[start...])
            }
            try fill()
        }
    }

    /// Returns to the first line.
    func rewind() throws {
        // Complete the copy before reading from it.
        while !isAtEnd { try fill() }
        reading = copy ?? descriptor
        lseek(reading.number, copy == nil ? origin : 0, SEEK_SET)
        buffer = []
        (start, searched) = (0, 0)
        isAtEnd = false
    }

    private func fill() throws {
        if start > 0 {
            buffer.removeFirst(start)
            start = 0
        }
        let count: Int
        do {
            count = try piece.withUnsafeMutableBytes { try reading.read(into: $0) }
        } catch let error as SystemError {
            throw CommandError(ExitCode.badData, "cannot read \(file): \(SystemError.text(of: error.code))")
        }
        buffer += piece[..<count]
        taken += count
        if count == 0 { isAtEnd = true }
        if let copy, copy !== reading, count > 0 { try piece[..<count].withUnsafeBytes { try copy.write($0) } }
    }

    /// The corresponding C function is `memchr`.
    private func newline(from first: Int) -> Int? {
        buffer.withUnsafeBytes { bytes in
            guard first < bytes.count, let place = memchr(bytes.baseAddress! + first, Int32(separator), bytes.count - first) else { return nil }
            return UnsafeRawPointer(place) - bytes.baseAddress!
        }
    }

    /// The corresponding C functions are `mkstemp` and `unlink`.
    private static func temporaryFile() throws -> OwnedDescriptor {
        let folder = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(folder)/celery-batch-XXXXXX".utf8CString)
        let number = mkstemp(&template)
        guard number >= 0 else {
            let reason = String(cString: strerror(errno)).lowercased()
            throw CommandError(ExitCode.cannotCreate, "cannot create a temporary file in \(folder): \(reason)")
        }
        unlink(template)
        _ = fcntl(number, F_SETFD, FD_CLOEXEC)
        return OwnedDescriptor(owning: number)
    }
}
