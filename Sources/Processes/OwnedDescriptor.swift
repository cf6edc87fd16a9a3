import CLinux
import Glibc
import Synchronization

/// A file descriptor with one owner: closed when the last reference goes, or earlier by `close()`.
///
/// A class rather than a noncopyable struct, because descriptors are stored in arrays, dictionaries and actors.
/// Pass the object, not the number: a number may be closed and reused before the call is made.
package final class OwnedDescriptor: Sendable {
    private let slot: Atomic<Int32>

    /// - Parameter number: An open descriptor that no other code closes.
    package init(owning number: Int32) {
        slot = Atomic(number)
    }

    deinit { close() }

    /// The number, or -1 once closed. Keep the object alive while the number is in use.
    package var number: Int32 { slot.load(ordering: .relaxed) }

    /// Closes the descriptor; further calls have no effect.
    ///
    /// The corresponding C function is `close`. EINTR is not retried: on Linux the number is free by then.
    package func close() {
        let number = slot.exchange(-1, ordering: .relaxed)
        if number >= 0 { _ = Glibc.close(number) }
    }

    /// Reads the available data, at most `buffer.count` bytes.
    ///
    /// - Returns: The number of bytes; 0 at the end of the file.
    ///
    /// The corresponding C function is `read`.
    package func read(into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int {
        try Syscall.check("read") { Glibc.read(number, buffer.baseAddress, buffer.count) }
    }

    /// Reads until the other side closes, at most `limit` bytes. Blocks.
    package func readToEnd(limit: Int = 1 << 20) throws(SystemError) -> [UInt8] {
        var bytes: [UInt8] = []
        let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: 4096, alignment: 1)
        defer { chunk.deallocate() }
        while bytes.count < limit {
            let part = chunk[..<min(chunk.count, limit - bytes.count)]
            let count = try read(into: UnsafeMutableRawBufferPointer(rebasing: part))
            if count == 0 { break }
            bytes += chunk[..<count]
        }
        return bytes
    }

    /// Writes all of `bytes`, in as many calls as it takes. Blocks.
    ///
    /// - Throws: EPIPE if the reading end is closed (SIGPIPE must be ignored: see `SignalDispositions.settle`).
    ///
    /// The corresponding C function is `write`.
    package func write(_ bytes: UnsafeRawBufferPointer) throws(SystemError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let part = UnsafeRawBufferPointer(rebasing: rest)
            rest = rest.dropFirst(try Syscall.check("write") { Glibc.write(number, part.baseAddress, part.count) })
        }
    }

    /// Writes all of `text`.
    package func write(_ text: String) throws(SystemError) {
        try Array(text.utf8).withUnsafeBufferPointer { (bytes) throws(SystemError) in
            try write(UnsafeRawBufferPointer(bytes))
        }
    }

    /// Waits until data can be read, or the other side has closed.
    ///
    /// - Parameter timeout: Upper bound; `nil` waits indefinitely, zero only polls.
    /// - Returns: Whether it is readable.
    ///
    /// The corresponding C function is `poll`.
    package func waitReadable(timeout: Duration?) throws(SystemError) -> Bool {
        let deadline = Deadline(after: timeout)
        var entry = pollfd(fd: number, events: Int16(POLLIN), revents: 0)
        return try Syscall.check("poll") { poll(&entry, 1, deadline.pollMilliseconds) } > 0
    }

    /// Makes reads and writes return EAGAIN instead of blocking.
    ///
    /// The corresponding C function is `fcntl` with `F_SETFL`.
    package func setNonBlocking() throws(SystemError) {
        let flags = try Syscall.check("read descriptor flags") { fcntl(number, F_GETFL) }
        try Syscall.check("set descriptor flags") { fcntl(number, F_SETFL, flags | O_NONBLOCK) }
    }

    /// Sets whether programs started later inherit the descriptor.
    ///
    /// The corresponding C function is `fcntl` with `F_SETFD`.
    package func setCloseOnExec(_ closes: Bool) throws(SystemError) {
        try Syscall.check("set descriptor flags") { fcntl(number, F_SETFD, closes ? FD_CLOEXEC : 0) }
    }

    /// Makes `target` another number for the same open file, closing its previous file.
    ///
    /// The corresponding C function is `dup3`.
    package func duplicate(onto target: Int32, closeOnExec: Bool = false) throws(SystemError) {
        try Syscall.check("duplicate descriptor") { dup3(number, target, closeOnExec ? O_CLOEXEC : 0) }
    }
}
