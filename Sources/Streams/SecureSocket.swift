/// A connected socket, encrypted or not. Never blocks, except where its name says so; confined to one thread.
package final class SecureSocket {
    private let stream: StreamSocket
    private var session: TLSSession?
    private let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 16)

    /// When the server last sent anything, or made room for what could not be sent before: what the kernel takes at once proves
    /// nothing.
    package var lastHeard = ContinuousClock.now
    /// Whether there was more to send than the kernel took.
    private var isCongested = false

    package init(_ stream: StreamSocket) { self.stream = stream }

    deinit { chunk.deallocate() }

    package var descriptor: Int32 { stream.descriptor }
    package var wantsToSend: Bool { stream.wantsToSend }

    /// Adds bytes to what is to be sent.
    package func add(_ bytes: [UInt8]) throws(StreamError) {
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
    package func flush() throws(StreamError) -> Bool { try stream.flush() }

    /// Reads what has come.
    ///
    /// - Returns: Whether anything has.
    /// - Throws: `lost` when the server has closed the connection, after all that came before.
    package func receive(_ take: (UnsafeRawBufferPointer) -> Void) throws(StreamError) -> Bool {
        var didReceive = false
        // Let sending have its turn.
        for _ in 0..<64 {
            guard let count = try stream.read(into: chunk) else { return didReceive }
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

    /// Sends and receives as much as is possible at once, and notes when the server was heard.
    ///
    /// - Parameter take: Takes what has come, also what came before the end.
    /// - Returns: Why the connection has ended; the next call would meet the same end.
    package func exchange(_ take: (UnsafeRawBufferPointer) -> Void) -> StreamError? {
        var end: StreamError?
        do throws(StreamError) {
            if try flush(), isCongested { lastHeard = .now }
            isCongested = wantsToSend
        } catch {
            end = error
        }
        do throws(StreamError) {
            if try receive(take) { lastHeard = .now }
        } catch {
            end = error
        }
        return end
    }

    /// Encrypts the connection. Blocks until the handshake is over.
    package func encrypt(_ tls: TLSTerms, host: String, until deadline: ContinuousClock.Instant) throws(StreamError) {
        let session = try TLSSession(tls, host: host)
        while true {
            let isDone: Bool
            do throws(StreamError) {
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
            guard stream.wait(until: deadline) else { throw StreamError(.unreachable, "it accepts connections but does not speak TLS") }
            let count: Int?
            do throws(StreamError) {
                count = try stream.read(into: chunk)
            } catch {
                throw StreamError(.tls, "\(error.message) during the TLS handshake")
            }
            if let count { try session.give(UnsafeRawBufferPointer(rebasing: chunk[..<count])) }
        }
        self.session = session
    }

    /// Blocks until the server has sent something, or takes more.
    ///
    /// - Returns: `false` at the deadline.
    package func wait(until deadline: ContinuousClock.Instant) -> Bool { stream.wait(until: deadline) }

    /// Says goodbye to an encrypted connection.
    package func end() {
        guard let session else { return }
        session.end()
        takeRecords(session)
        _ = try? flush()
    }
}
