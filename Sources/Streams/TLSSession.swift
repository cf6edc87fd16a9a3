import CTLS

/// A TLS session of one connection, apart from its socket: the only file that sees libssl.
///
/// Confined to the thread that owns the connection; nothing here blocks.
final class TLSSession {
    private let handle: UnsafeMutableRawPointer

    /// Begins a session.
    ///
    /// - Parameter host: The name or address that the certificate of the server must be for.
    /// - Throws: `libraryMissing`; `file` for files that cannot be used.
    ///
    /// The corresponding C functions are `SSL_CTX_new` and `SSL_new`.
    init(_ tls: TLSTerms, host: String) throws(StreamError) {
        if let reason = celery_tls_load() { throw StreamError(.libraryMissing, "cannot load libssl: \(String(cString: reason))") }
        var problem = Problem()
        let opened = host.withCString { host in
            Self.withPointers(tls.authorities, tls.authorityFolder, tls.certificate, tls.key) { authorities, folder, certificate, key in
                var terms = celery_tls_terms(
                    host: host, authorities: authorities, authority_folder: folder, certificate: certificate, key: key,
                    verifies: tls.isVerified ? 1 : 0, checks_host: tls.isVerified && tls.checksHost ? 1 : 0)
                return celery_tls_open(&terms, &problem.bytes)
            }
        }
        guard let opened else { throw StreamError(.file, problem.text.isEmpty ? "out of memory" : problem.text) }
        handle = opened
    }

    deinit { celery_tls_close(handle) }

    /// Takes the next step of the handshake.
    ///
    /// - Returns: Whether it is complete; otherwise records of the server are missing.
    func shake() throws(StreamError) -> Bool {
        var problem = Problem()
        switch celery_tls_shake(handle, &problem.bytes) {
        case CELERY_TLS_DONE: return true
        case CELERY_TLS_WAITS: return false
        case CELERY_TLS_DISTRUSTED: throw StreamError(.tls, "the certificate of the server is not accepted: \(problem.text)")
        default:
            let reason = problem.text.isEmpty ? "" : ": \(problem.text)"
            throw StreamError(.tls, "the TLS handshake failed\(reason)")
        }
    }

    /// Reads what the server has sent.
    ///
    /// - Returns: The number of bytes; `nil` until more records come.
    /// - Throws: `lost` at the end of the session.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws(StreamError) -> Int? {
        var problem = Problem()
        var count = buffer.count
        switch celery_tls_read(handle, buffer.baseAddress!, &count, &problem.bytes) {
        case CELERY_TLS_DONE: return count
        case CELERY_TLS_WAITS: return nil
        case CELERY_TLS_ENDED: throw StreamError(.lost, "the server closed the connection")
        default: throw StreamError(.lost, "the TLS session failed: \(problem.text)")
        }
    }

    /// Turns bytes into records for the server.
    func write(_ bytes: [UInt8]) throws(StreamError) {
        guard !bytes.isEmpty else { return }
        var problem = Problem()
        guard celery_tls_write(handle, bytes, bytes.count, &problem.bytes) == CELERY_TLS_DONE else {
            throw StreamError(.lost, "the TLS session failed: \(problem.text)")
        }
    }

    /// Takes in records of the server.
    func give(_ records: UnsafeRawBufferPointer) throws(StreamError) {
        guard !records.isEmpty else { return }
        guard celery_tls_give(handle, records.baseAddress!, records.count) == 1 else { throw StreamError(.lost, "out of memory") }
    }

    /// Hands out records for the server.
    ///
    /// - Returns: Their size in bytes; 0 when there are none.
    func take(into buffer: UnsafeMutableRawBufferPointer) -> Int { celery_tls_take(handle, buffer.baseAddress!, buffer.count) }

    /// Tells the server that nothing more will come.
    func end() { celery_tls_end(handle) }

    /// Room for the reason of a failure.
    private struct Problem {
        var bytes = [CChar](repeating: 0, count: Int(CELERY_TLS_PROBLEM))

        var text: String { String(decoding: bytes.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self) }
    }

    private static func withPointers<Value>(
        _ first: String?, _ second: String?, _ third: String?, _ fourth: String?,
        _ body: (UnsafePointer<CChar>?, UnsafePointer<CChar>?, UnsafePointer<CChar>?, UnsafePointer<CChar>?) -> Value
    ) -> Value {
        with(first) { first in with(second) { second in with(third) { third in with(fourth) { body(first, second, third, $0) } } } }
    }

    private static func with<Value>(_ text: String?, _ body: (UnsafePointer<CChar>?) -> Value) -> Value {
        guard let text else { return body(nil) }
        return text.withCString { body($0) }
    }
}
