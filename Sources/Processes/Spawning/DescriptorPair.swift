import CLinux
import Glibc

/// Two connected sockets, close-on-exec: keep one, give the other to a child.
package struct SocketPair: Sendable {
    /// One end; both ends are equivalent.
    package let near: OwnedDescriptor
    /// The other end.
    package let far: OwnedDescriptor

    /// - Parameter keepsMessages: Whether what one call sends is what one call receives, rather than a stream.
    ///
    /// The corresponding C function is `socketpair`.
    package init(keepsMessages: Bool = false) throws(SystemError) {
        let type = keepsMessages ? SOCK_SEQPACKET : SOCK_STREAM
        (near, far) = try makePair("create socket pair") {
            socketpair(AF_UNIX, Int32(type.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0, $0)
        }
    }
}

/// A pipe, close-on-exec at both ends.
package struct Pipe: Sendable {
    /// The end to read from.
    package let readEnd: OwnedDescriptor
    /// The end to write to.
    package let writeEnd: OwnedDescriptor

    /// The corresponding C function is `pipe2`.
    package init() throws(SystemError) {
        (readEnd, writeEnd) = try makePair("create pipe") { pipe2($0, O_CLOEXEC) }
    }
}

private func makePair(
    _ operation: String, _ call: (UnsafeMutablePointer<Int32>) -> Int32
) throws(SystemError) -> (OwnedDescriptor, OwnedDescriptor) {
    let numbers = UnsafeMutablePointer<Int32>.allocate(capacity: 2)
    defer { numbers.deallocate() }
    try Syscall.check(operation) { call(numbers) }
    return (OwnedDescriptor(owning: numbers[0]), OwnedDescriptor(owning: numbers[1]))
}
