import Streams

/// The socket of a connection, encrypted or not. Never blocks, except where its name says so; confined to one thread.
final class RedisSocket {
    private let stream: StreamSocket
    private var session: TLSSession?
    private let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 16)

    private init(_ stream: StreamSocket) { self.stream = stream }

    /// Connects. Blocks; looking up the name of a host has no time limit but that of the resolver.
    ///
    /// - Throws: `unreachable`; `options` for a path that is too long.
    static func connected(to options: RedisOptions, until deadline: ContinuousClock.Instant) throws(RedisError) -> RedisSocket {
        do throws(StreamError) {
            if let path = options.socketPath { return RedisSocket(try StreamSocket.connected(toPath: path, until: deadline)) }
            return RedisSocket(try StreamSocket.connected(toHost: options.host, port: options.port, until: deadline))
        } catch {
            throw RedisError(error)
        }
    }

    deinit { chunk.deallocate() }

    var descriptor: Int32 { stream.descriptor }
    var wantsToSend: Bool { stream.wantsToSend }

    /// Adds bytes to what is to be sent.
    func add(_ bytes: [UInt8]) throws(RedisError) {
        if let session {
            try session.write(bytes)
            takeRecords(session)
        } else {
            stream.add(bytes)
        }
    }

    private func takeRecords(_ session: TLSSession) {
        while case let count = session.take(into: chunk), count > 0 { stream.add(UnsafeRawBufferPointer(rebasing: chunk[..<count])) }
    }

    /// Sends as much as the kernel takes.
    ///
    /// - Returns: Whether anything was sent.
    @discardableResult
    func flush() throws(RedisError) -> Bool {
        do throws(StreamError) { return try stream.flush() } catch { throw RedisError(error) }
    }

    /// Reads what has come.
    ///
    /// - Returns: Whether anything has.
    /// - Throws: `lost` when the server has closed the connection, after all that came before.
    func receive(_ take: (UnsafeRawBufferPointer) -> Void) throws(RedisError) -> Bool {
        var didReceive = false
        // Let sending have its turn.
        for _ in 0..<64 {
            guard let count = try read() else { return didReceive }
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

    private func read() throws(RedisError) -> Int? {
        do throws(StreamError) { return try stream.read(into: chunk) } catch { throw RedisError(error) }
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
            let count: Int?
            do throws(StreamError) {
                count = try stream.read(into: chunk)
            } catch {
                throw RedisError(.tls, "\(error.message) during the TLS handshake")
            }
            if let count { try session.give(UnsafeRawBufferPointer(rebasing: chunk[..<count])) }
        }
        self.session = session
    }

    /// Blocks until the server has sent something, or takes more.
    ///
    /// - Throws: `late` at the deadline.
    func wait(until deadline: ContinuousClock.Instant, or late: RedisError) throws(RedisError) {
        guard stream.wait(until: deadline) else { throw late }
    }

    /// Says goodbye to an encrypted connection.
    func end() {
        guard let session else { return }
        session.end()
        takeRecords(session)
        _ = try? flush()
    }
}

extension RedisError {
    /// What happened to the socket.
    init(_ error: StreamError) {
        let code: Code =
            switch error.code {
            case .address: .options
            case .unreachable: .unreachable
            case .lost: .lost
            }
        self.init(code, error.message)
    }
}
