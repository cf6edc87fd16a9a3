import CLinux
import Glibc

/// An anonymous file for a program's input or output: unlike a pipe it accepts any
/// amount, and a program that does not read it blocks nobody.
package enum MemoryFile {
    /// A file with this content, positioned at its beginning.
    ///
    /// The corresponding C functions are `memfd_create`, `write` and `lseek`.
    package static func make(_ bytes: [UInt8] = []) throws(SystemError) -> OwnedDescriptor {
        let number = celery_memory_file("celery")
        guard number >= 0 else { throw SystemError(errno, "create memory file") }
        let descriptor = OwnedDescriptor(owning: number)
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes { write(number, $0.baseAddress! + sent, $0.count - sent) }
            if count < 0 {
                if errno == EINTR { continue }
                throw SystemError(errno, "write memory file")
            }
            sent += count
        }
        lseek(number, 0, SEEK_SET)
        return descriptor
    }

    /// The content of such a file, including what a program wrote to it.
    package static func content(of file: OwnedDescriptor, limit: Int = 1 << 24) throws(SystemError) -> [UInt8] {
        lseek(file.number, 0, SEEK_SET)
        return try file.readToEnd(limit: limit)
    }
}
