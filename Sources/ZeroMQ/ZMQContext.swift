import CZeroMQ
import Glibc

/// ZeroMQ's thread for the network, and what its sockets have in common. The library is loaded with the first one.
///
/// This room alone sees the library's pointers.
///
/// Unchecked, because any thread may use a `zmq_ctx_t`, and nothing here changes after the initializer.
package final class ZMQContext: @unchecked Sendable {
    private let pointer: UnsafeMutableRawPointer

    /// Blocks while the library is loaded.
    ///
    /// - Throws: `ZMQError`: `libraryMissing`, `system`.
    package init() throws(ZMQError) {
        try Self.load()
        guard let pointer = celery_zmq_begin(Int32(Self.sockets)) else { throw ZMQError(.system, "ZeroMQ cannot start: \(Self.reason(errno))") }
        self.pointer = pointer
    }

    /// More than a process here ever has.
    private static let sockets = 1_000

    /// Blocks until all sockets are closed.
    deinit { celery_zmq_end(pointer) }

    /// - Throws: `ZMQError.libraryMissing`.
    static func load() throws(ZMQError) {
        guard let reason = celery_zmq_load() else { return }
        throw ZMQError(
            .libraryMissing, "the library libzmq cannot be loaded: \(String(cString: reason))", hint: "install it: apt-get install libzmq5")
    }

    /// The text of an error number, of the system or of the library.
    static func reason(_ code: Int32) -> String { String(cString: celery_zmq_reason(code)) }

    /// Opens a socket, for the thread that uses it.
    ///
    /// - Throws: `ZMQError.system`.
    package func open(_ kind: ZMQSocket.Kind) throws(ZMQError) -> ZMQSocket {
        guard let socket = celery_zmq_open(pointer, kind.number) else { throw ZMQError(.system, "ZeroMQ has no socket left: \(Self.reason(errno))") }
        return ZMQSocket(socket, self)
    }
}
