import Glibc
import Processes

/// Lines of a file or of stdin, read a piece at a time.
///
/// What cannot be read twice (a pipe) is kept in a nameless temporary file when it must be.
final class LineSource {
    private let file: String
    private let descriptor: OwnedDescriptor
    private let copy: OwnedDescriptor?
    private var reading: OwnedDescriptor
    private var buffer: [UInt8] = []
    private var start = 0
    /// There is no newline between `start` and here: a line of megabytes is searched once.
    private var searched = 0
    private var isAtEnd = false

    private static let chunk = 1 << 16

    /// - Parameter file: a path, or `-` for stdin.
    init(file: String, isReadTwice: Bool = false) throws {
        self.file = file
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
        let canSeek = lseek(descriptor.number, 0, SEEK_CUR) >= 0
        copy = isReadTwice && !canSeek ? try Self.temporaryFile() : nil
    }

    /// The next line without its newline; `nil` at the end.
    func next() throws -> [UInt8]? {
        while true {
            if let newline = buffer[max(start, searched)...].firstIndex(of: UInt8(ascii: "\n")) {
                defer { start = newline + 1 }
                return Array(buffer[start..<newline])
            }
            searched = buffer.count
            if isAtEnd {
                guard start < buffer.count else { return nil }
                defer { start = buffer.count }
                return Array(buffer[start...])
            }
            try fill()
        }
    }

    /// Begins anew.
    func rewind() throws {
        // What no pass has read yet must get into the copy first.
        while !isAtEnd { try fill() }
        reading = copy ?? descriptor
        lseek(reading.number, 0, SEEK_SET)
        buffer = []
        start = 0
        searched = 0
        isAtEnd = false
    }

    private func fill() throws {
        if start > 0 {
            buffer.removeFirst(start)
            searched = max(0, searched - start)
            start = 0
        }
        let old = buffer.count
        buffer.append(contentsOf: repeatElement(0, count: Self.chunk))
        let count: Int
        do {
            count = try buffer.withUnsafeMutableBytes { bytes in
                try reading.read(into: UnsafeMutableRawBufferPointer(rebasing: bytes[old...]))
            }
        } catch let error as SystemError {
            throw CommandError(ExitCode.badData, "cannot read \(file): \(String(cString: strerror(error.code)).lowercased())")
        }
        buffer.removeLast(Self.chunk - count)
        if count == 0 { isAtEnd = true }
        if let copy, copy !== reading, count > 0 {
            try buffer[old...].withUnsafeBytes { try copy.write($0) }
        }
    }

    /// The corresponding C function is `open` with `O_TMPFILE`.
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
