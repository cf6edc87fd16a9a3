import CLinux
import Glibc

/// Waits on many descriptors at once. Descriptors may be added and removed while another thread waits.
package final class Poller: Sendable {
    /// The events of interest.
    package struct Interest: OptionSet, Sendable {
        package let rawValue: UInt32
        package init(rawValue: UInt32) { self.rawValue = rawValue }

        /// Data can be read, or the other side has closed.
        package static let readable = Interest(rawValue: EPOLLIN.rawValue)
        /// Data can be written.
        package static let writable = Interest(rawValue: EPOLLOUT.rawValue)
    }

    /// One descriptor that became ready.
    package struct Event: Sendable, Equatable {
        /// The token given to `add`.
        package let token: UInt64
        /// Data or the end of the stream can be read.
        package let isReadable: Bool
        /// Data can be written.
        package let isWritable: Bool
        /// The other side has closed or the descriptor failed; data sent before can still be read.
        package let isHungUp: Bool
    }

    private let descriptor: OwnedDescriptor

    /// The corresponding C function is `epoll_create1`.
    package init() throws(SystemError) {
        descriptor = OwnedDescriptor(
            owning: try Syscall.check("create epoll") { epoll_create1(Int32(EPOLL_CLOEXEC)) })
    }

    /// Begins to watch `watched`; events carry `token`.
    package func add(_ watched: OwnedDescriptor, _ interest: Interest, token: UInt64) throws(SystemError) {
        try control(EPOLL_CTL_ADD, watched, interest, token)
    }

    /// Replaces the interest in `watched`.
    package func change(_ watched: OwnedDescriptor, _ interest: Interest, token: UInt64) throws(SystemError) {
        try control(EPOLL_CTL_MOD, watched, interest, token)
    }

    /// Stops watching; call it before closing `watched`.
    package func remove(_ watched: OwnedDescriptor) throws(SystemError) {
        try control(EPOLL_CTL_DEL, watched, [], 0)
    }

    /// Waits until a descriptor is ready.
    ///
    /// - Parameters:
    ///   - timeout: Upper bound; `nil` waits indefinitely, zero only polls.
    ///   - limit: Maximum number of events; the others are returned by the next call.
    /// - Returns: The ready descriptors; empty if the timeout passes.
    ///
    /// The corresponding C function is `epoll_wait`.
    package func wait(timeout: Duration?, limit: Int = 64) throws(SystemError) -> [Event] {
        let deadline = Deadline(after: timeout)
        let ready = UnsafeMutablePointer<epoll_event>.allocate(capacity: limit)
        defer { ready.deallocate() }
        let count = try Syscall.check("wait for events") {
            epoll_wait(descriptor.number, ready, Int32(limit), deadline.pollMilliseconds)
        }
        return (0..<Int(count)).map { index in
            let flags = ready[index].events
            let gone = flags & (EPOLLHUP.rawValue | EPOLLERR.rawValue) != 0
            return Event(
                token: ready[index].data.u64,
                isReadable: flags & EPOLLIN.rawValue != 0 || gone,
                isWritable: flags & EPOLLOUT.rawValue != 0,
                isHungUp: gone)
        }
    }

    /// The corresponding C function is `epoll_ctl`.
    private func control(
        _ operation: Int32, _ watched: OwnedDescriptor, _ interest: Interest, _ token: UInt64
    ) throws(SystemError) {
        var event = epoll_event(events: interest.rawValue, data: epoll_data(u64: token))
        try Syscall.check("watch descriptor") { epoll_ctl(descriptor.number, operation, watched.number, &event) }
    }
}
