import Glibc

/// Starts threads for blocking code.
package enum WorkThread {
    /// Runs `body` on a new detached thread. The corresponding C functions are `pthread_create` and `pthread_detach`.
    package static func start(_ body: @escaping @Sendable () -> Void) {
        let box = Unmanaged.passRetained(Box(body))
        var thread = pthread_t()
        let status = pthread_create(&thread, nil, { argument in
            Unmanaged<Box>.fromOpaque(argument!).takeRetainedValue().body()
            return nil
        }, box.toOpaque())
        // Fails only if the system is out of threads, when nothing else would work either.
        precondition(status == 0, "cannot start a thread")
        pthread_detach(thread)
    }

    private final class Box: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
}
