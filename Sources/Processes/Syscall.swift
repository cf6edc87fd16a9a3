import Glibc

/// Makes system calls: converts failures to errors and retries after EINTR.
package enum Syscall {
    /// Repeats `call` while signals interrupt it.
    ///
    /// - Parameters:
    ///   - operation: The operation, phrased to follow "cannot".
    ///   - path: The file of the operation.
    ///   - call: Returns -1 and sets `errno` on failure.
    /// - Returns: What `call` returned, never -1.
    @discardableResult
    package static func check<Value: SignedInteger & FixedWidthInteger>(
        _ operation: @autoclosure () -> String, path: @autoclosure () -> String? = nil, _ call: () -> Value
    ) throws(SystemError) -> Value {
        while true {
            let value = call()
            if value != -1 { return value }
            let code = errno
            if code != EINTR { throw SystemError(code, operation(), path: path()) }
        }
    }

    /// Checks a call that returns its error number instead of setting `errno`, as the
    /// `posix_` and `pthread_` families do.
    package static func checkNumber(_ code: Int32, _ operation: @autoclosure () -> String) throws(SystemError) {
        if code != 0 { throw SystemError(code, operation()) }
    }

    /// Pauses the calling thread.
    ///
    /// The corresponding C function is `nanosleep`.
    package static func pause(_ duration: Duration) {
        var left = timespec(
            tv_sec: Int(duration.components.seconds), tv_nsec: Int(duration.components.attoseconds / 1_000_000_000))
        while withUnsafeMutablePointer(to: &left, { nanosleep($0, $0) }) == -1 && errno == EINTR {}
    }
}
