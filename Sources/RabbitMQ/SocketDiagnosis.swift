import Glibc

/// Finds out why a TCP connection failed; librabbitmq does not say.
enum SocketDiagnosis {
    /// Tries to connect once more. Blocks briefly.
    ///
    /// The corresponding C functions are `getaddrinfo` and `connect`.
    static func reason(host: String, port: Int) -> String {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, String(port), &hints, &list) == 0, let first = list else {
            return "unknown host '\(host)'"
        }
        defer { freeaddrinfo(first) }
        var reason = ECONNREFUSED
        var next: UnsafeMutablePointer<addrinfo>? = first
        while let address = next {
            next = address.pointee.ai_next
            let descriptor = socket(address.pointee.ai_family, address.pointee.ai_socktype, address.pointee.ai_protocol)
            guard descriptor >= 0 else { continue }
            defer { close(descriptor) }
            var timeout = timeval(tv_sec: 2, tv_usec: 0)
            setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
            if connect(descriptor, address.pointee.ai_addr, address.pointee.ai_addrlen) == 0 {
                return "the connection ended at once"
            }
            reason = errno
        }
        return String(cString: strerror(reason)).lowercased()
    }
}
