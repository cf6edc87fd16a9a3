import CLinux
import Glibc
import Processes

/// A file without a name that holds a program's input: unlike a pipe it takes any
/// amount at once, and a program that does not read it blocks nobody.
enum MemoryFile {
    /// The corresponding C functions are `memfd_create`, `write` and `lseek`.
    static func make(_ bytes: [UInt8]) throws(SystemError) -> OwnedDescriptor {
        let number = memfd_create("celery-request", UInt32(MFD_CLOEXEC))
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
}
