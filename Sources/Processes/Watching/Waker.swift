import CLinux
import Glibc

/// Wakes a thread that waits in a `Poller` or on this very descriptor. Any thread may wake.
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

    /// Wakes the waiter; many calls before it looks count as one. Never blocks.
    package func wake() {
        // Fails only when the counter is full, and then the waiter is being woken already.
        _ = eventfd_write(descriptor.number, 1)
    }

    /// Makes the descriptor unreadable again; to be called before looking for the work it announced.
    package func clear() {
        var count: eventfd_t = 0
        _ = eventfd_read(descriptor.number, &count)
    }

}
