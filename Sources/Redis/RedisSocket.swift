import Glibc
import Processes

/// The socket of a connection, encrypted or not. Never blocks, except where its name says so; confined to one thread.
final class RedisSocket {
    let descriptor: Int32
    private var session: TLSSession?
    private var output: [UInt8] = []
    /// How much of the output has been sent.
    private var sent = 0
    private let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 16)

    /// Takes over a connected socket.
    init(_ descriptor: Int32) { self.descriptor = descriptor }

    deinit {
        chunk.deallocate()
        close(descriptor)
    }

    var wantsToSend: Bool { sent < output.count }

    /// Adds bytes to what is to be sent.
    func add(_ bytes: [UInt8]) throws(RedisError) {
        if let session {
            try session.write(bytes)
            takeRecords(session)
        } else {
            output += bytes
        }
    }

    private func takeRecords(_ session: TLSSession) {
        while case let count = session.take(into: chunk), count > 0 {
            output.append(contentsOf: UnsafeRawBufferPointer(rebasing: chunk[..<count]))
        }
    }

    /// Sends as much as the kernel takes.
    ///
    /// - Returns: Whether anything was sent.
    ///
    /// The corresponding C function is `send`.
    @discardableResult
    func flush() throws(RedisError) -> Bool {
        var didSend = false
        while sent < output.count {
            let count = output.withUnsafeBytes { bytes in
                Glibc.send(descriptor, bytes.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            if count < 0 {
                if errno == EINTR { continue }
                if errno == EAGAIN { return didSend }
                throw RedisError(.lost, "the connection ended: \(SystemError.text(of: errno))")
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
    /// - Returns: Whether anything has.
    /// - Throws: `lost` when the server has closed the connection, after all that came before.
    ///
    /// The corresponding C function is `recv`.
    func receive(_ take: (UnsafeRawBufferPointer) -> Void) throws(RedisError) -> Bool {
        var didReceive = false
        // Let sending have its turn.
        for _ in 0..<64 {
            let count = recv(descriptor, chunk.baseAddress, chunk.count, 0)
            if count < 0 {
                if errno == EINTR { continue }
                if errno == EAGAIN { return didReceive }
                throw RedisError(.lost, "the connection ended: \(SystemError.text(of: errno))")
            }
            guard count > 0 else { throw RedisError(.lost, "the server closed the connection") }
            didReceive = true
            let bytes = UnsafeRawBufferPointer(rebasing: chunk[..<count])
            guard let session else {
                take(bytes)
                continue
            }
            try session.give(bytes)
            while let count = try session.read(into: chunk) { take(UnsafeRawBufferPointer(rebasing: chunk[..<count])) }
            // Answers of the session itself, such as to a change of keys.
            takeRecords(session)
        }
        return didReceive
    }

    /// Encrypts the connection. Blocks until the handshake is over.
    func encrypt(_ tls: RedisOptions.TLS, host: String, until deadline: ContinuousClock.Instant) throws(RedisError) {
        let session = try TLSSession(tls, host: host)
        while true {
            let isDone: Bool
            do throws(RedisError) {
                isDone = try session.shake()
            } catch {
                // The server is told why.
                takeRecords(session)
                _ = try? flush()
                throw error
            }
            takeRecords(session)
            try flush()
            if isDone { break }
            try wait(until: deadline, or: RedisError(.unreachable, "it accepts connections but does not speak TLS"))
            let count = recv(descriptor, chunk.baseAddress, chunk.count, 0)
            guard count != 0 else { throw RedisError(.tls, "it closed the connection during the TLS handshake") }
            if count > 0 { try session.give(UnsafeRawBufferPointer(rebasing: chunk[..<count])) }
            guard count > 0 || errno == EAGAIN || errno == EINTR else {
                throw RedisError(.tls, "the connection ended during the TLS handshake: \(SystemError.text(of: errno))")
            }
        }
        self.session = session
    }

    /// Blocks until the server has sent something, or takes more.
    ///
    /// - Throws: `late` at the deadline.
    ///
    /// The corresponding C function is `poll`.
    func wait(until deadline: ContinuousClock.Instant, or late: RedisError) throws(RedisError) {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN) | (wantsToSend ? Int16(POLLOUT) : 0), revents: 0)
        let left = ContinuousClock.now.duration(to: deadline)
        guard left > .zero else { throw late }
        _ = poll(&entry, 1, left.pollTimeout)
    }

    /// Says goodbye to an encrypted connection.
    func end() {
        guard let session else { return }
        session.end()
        takeRecords(session)
        _ = try? flush()
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
