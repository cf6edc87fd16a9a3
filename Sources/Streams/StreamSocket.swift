// Connections of our own to servers: what those of Redis, STOMP, AMQP 1.0, Memcached, Tokyo Tyrant and
// MongoDB share.
//
//     CommandLink         commands and their replies, for any number of callers
//       CommandLoop       the thread that owns the connection
//         CommandConnection   the protocol spoken: that of Redis, Memcached, Tokyo Tyrant, MongoDB
//     ConversationLoop    the thread that owns a connection whose server also speaks unasked, and makes it again
//       Conversation        what is said on the connection: that of STOMP, AMQP 1.0
//     LoopThread          the owner of either thread, or of another's
//       LoopCore            what the thread shares with its users
//     SecureSocket        the socket of a connection, with TLS by a TLSSession
//       StreamSocket
//     ConnectionFailure   the errors of connections and servers

import Glibc
import Processes

/// A connected socket. Never blocks, except where its name says so; confined to one thread.
package final class StreamSocket {
    package let descriptor: Int32
    private var output: [UInt8] = []
    /// How much of the output has been sent.
    private var sent = 0

    /// Takes over a connected socket.
    init(_ descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// Whether there is more to send than the kernel took.
    package var wantsToSend: Bool { sent < output.count }

    /// Adds bytes to what is to be sent.
    package func add(_ bytes: [UInt8]) { output += bytes }

    /// Adds bytes to what is to be sent.
    package func add(_ bytes: UnsafeRawBufferPointer) { output.append(contentsOf: bytes) }

    /// Sends as much as the kernel takes.
    ///
    /// - Returns: Whether anything was sent.
    /// - Throws: `lost`.
    ///
    /// The corresponding C function is `send`.
    @discardableResult
    package func flush() throws(StreamError) -> Bool {
        var didSend = false
        while sent < output.count {
            let count = output.withUnsafeBytes { bytes in
                Glibc.send(descriptor, bytes.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            if count < 0 {
                if errno == EINTR { continue }
                if errno == EAGAIN { return didSend }
                throw StreamError(.lost, "the connection ended: \(SystemError.text(of: errno))")
            }
            sent += count
            didSend = true
        }
        output.removeAll(keepingCapacity: output.capacity <= 1 << 20)
        sent = 0
        return didSend
    }

    /// Reads what has come.
    ///
    /// - Returns: The number of bytes; `nil` when there are none now.
    /// - Throws: `lost` when the server has closed the connection, after all that came before.
    ///
    /// The corresponding C function is `recv`.
    package func read(into buffer: UnsafeMutableRawBufferPointer) throws(StreamError) -> Int? {
        while true {
            let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
            if count > 0 { return count }
            if count == 0 { throw StreamError(.lost, "the server closed the connection") }
            if errno == EINTR { continue }
            if errno == EAGAIN { return nil }
            throw StreamError(.lost, "the connection ended: \(SystemError.text(of: errno))")
        }
    }

    /// Blocks until the server has sent something, or takes more.
    ///
    /// - Returns: `false` at the deadline.
    ///
    /// The corresponding C function is `poll`.
    package func wait(until deadline: ContinuousClock.Instant) -> Bool {
        let left = ContinuousClock.now.duration(to: deadline)
        guard left > .zero else { return false }
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN) | (wantsToSend ? Int16(POLLOUT) : 0), revents: 0)
        _ = poll(&entry, 1, left.pollTimeout)
        return true
    }
}

extension Duration {
    /// Milliseconds for poll(2), rounded up so that a wait is not repeated for a fraction of one; at least 0.
    var pollTimeout: Int32 {
        let (seconds, attoseconds) = components
        guard seconds < 1_000_000 else { return Int32.max }
        return max(0, Int32(seconds * 1_000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000))
    }
}
