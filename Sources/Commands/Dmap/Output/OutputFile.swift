import Glibc
import Processes

/// The file of `--output`: the results that the job log lists, and nothing else once a dmap was resumed.
final class OutputFile {
    private let descriptor: OwnedDescriptor
    private let path: String

    /// Opens the file and removes what no line of the job log tells of: the dmap was killed before it wrote that line.
    ///
    /// - Parameter length: The bytes to keep.
    /// - Throws: `CommandError` if the file is shorter than that, or cannot be opened.
    init(path: String, keeping length: Int64) throws {
        self.path = path
        let number = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY, 0o666)
        guard number >= 0 else {
            let code = errno
            throw CommandError(
                code == EACCES ? ExitCode.noPermission : ExitCode.cannotCreate, "cannot open \(path): \(SystemError.text(of: code))")
        }
        descriptor = OwnedDescriptor(owning: number)
        var status = stat()
        guard fstat(number, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return }
        guard status.st_size >= length else {
            throw CommandError(
                ExitCode.badData, "\(path) has \(status.st_size) bytes, but the job log tells of \(length)",
                hint: "put the file back in its place, or begin anew without --resume")
        }
        try Syscall.check("truncate", path: path) { ftruncate(number, off_t(length)) }
        lseek(number, off_t(length), SEEK_SET)
    }

    /// - Throws: `SystemError`.
    func write(_ bytes: UnsafeRawBufferPointer) throws(SystemError) { try descriptor.write(bytes) }

    /// Waits until the results are on the disk. The corresponding C function is `fdatasync`.
    func sync() { _ = fdatasync(descriptor.number) }
}
