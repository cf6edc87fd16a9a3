// An HTTP server, upon libmicrohttpd. The library is loaded when a server is opened; the only room that sees its pointers.
//
// Its threads read requests and give each to the handler, which answers at once from memory, or names work to be done in a
// concurrency task. A suspended connection waits for that work, and takes no thread meanwhile.

import CMicroHTTPD
package import Processes
import Synchronization

/// A running server.
package final class WebServer: Sendable {
    /// How a request is answered.
    package enum Reply: Sendable {
        case now(WebResponse)
        /// Cancelled when the server stops.
        case later(@Sendable () async -> WebResponse)
    }

    /// Called on the library's threads; must not block.
    package typealias Handler = @Sendable (WebRequest) -> Reply

    /// What a server is opened with.
    package struct Terms: Sendable {
        /// A listening socket.
        package var socket: OwnedDescriptor
        package var threads = 2
        package var connections = 2_000
        /// Seconds after which an idle connection is closed.
        package var patience = 60
        /// Bytes of memory of a connection: limits request line and headers, and counts for each of a thousand listeners.
        package var memory = 8 << 10
        /// Bytes of the longest body.
        package var body = 1 << 20
        /// PEM texts; `nil` for plain HTTP.
        package var tls: (certificate: String, key: String)?

        package init(socket: OwnedDescriptor) { self.socket = socket }
    }

    private let context: WebContext
    private let socket: OwnedDescriptor
    /// The library's pointer; 0 when stopped.
    private let handle: Mutex<UInt>

    /// Begins to serve. Blocks while the library is loaded.
    ///
    /// - Throws: `WebError`: `libraryMissing`, `refused`.
    package init(_ terms: Terms, handler: @escaping Handler) throws(WebError) {
        if let reason = celery_web_load() {
            throw WebError(
                .libraryMissing, "the library libmicrohttpd cannot be loaded: \(String(cString: reason))",
                hint: "install it: apt-get install libmicrohttpd12")
        }
        let context = WebContext(handler)
        let started = Self.start(terms, Unmanaged.passRetained(context).toOpaque())
        self.context = context
        socket = terms.socket
        handle = Mutex(UInt(bitPattern: started))
        guard started != nil else {
            Unmanaged.passUnretained(context).release()
            throw WebError(.refused, terms.tls == nil ? "libmicrohttpd cannot start" : "libmicrohttpd cannot use the certificate or the key")
        }
    }

    private static func start(_ terms: Terms, _ context: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
        func start(_ certificate: UnsafePointer<CChar>?, _ key: UnsafePointer<CChar>?) -> UnsafeMutableRawPointer? {
            var wanted = celery_web_terms(
                socket: terms.socket.number, threads: UInt32(terms.threads), connections: UInt32(terms.connections),
                patience: UInt32(terms.patience), memory: terms.memory, body: terms.body, certificate: certificate, key: key,
                handler: { context, request in
                    Unmanaged<WebContext>.fromOpaque(context!).takeUnretainedValue().handle(request)
                }, context: context)
            return celery_web_start(&wanted)
        }
        guard let tls = terms.tls else { return start(nil, nil) }
        return tls.certificate.withCString { certificate in tls.key.withCString { start(certificate, $0) } }
    }

    deinit { stop() }

    /// Stops: takes no more connections, cancels the work of those that wait, and closes all. Blocks for a moment.
    package func stop() {
        let pointer = handle.withLock { handle in
            defer { handle = 0 }
            return UnsafeMutableRawPointer(bitPattern: handle)
        }
        guard let pointer else { return }
        context.cancel()
        celery_web_stop(pointer)
        socket.close()
        Unmanaged.passUnretained(context).release()
    }
}
