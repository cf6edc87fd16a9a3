import CLinux
import Glibc

/// Wakes a thread that waits in a `Poller` or on the descriptor. Any thread may call `wake`.
package final class Waker: Sendable {
    /// Readable from `wake()` until `clear()`.
    package let descriptor: OwnedDescriptor

    /// The corresponding C function is `eventfd`.
    package init() throws(SystemError) {
        descriptor = OwnedDescriptor(
            owning: try Syscall.check("create eventfd") {
                eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
            })
    }

    /// Wakes the waiting thread; several calls before it checks count as one. Never blocks.
    package func wake() {
        // Fails only if the counter is full, when the descriptor is readable already.
        _ = eventfd_write(descriptor.number, 1)
    }

    /// Makes the descriptor unreadable again; call it before checking for work.
    package func clear() {
        var count: eventfd_t = 0
        _ = eventfd_read(descriptor.number, &count)
    }

}
