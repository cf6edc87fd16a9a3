import CLinux
import Glibc

/// The signals that a program handles, each with its action. They arrive as data on a descriptor
/// instead of interrupting running code.
///
/// Create it in a synchronous `main` before any thread starts: signals are blocked per thread, and new threads inherit this.
/// Programs started through `Spawn` get an empty mask and default actions.
package final class Signals<Action: Sendable>: Sendable {
    /// A signal that arrived.
    package struct Delivery: Sendable {
        /// The action for the signal.
        package let action: Action
        /// The signal number.
        package let signal: Int32
        /// The process that sent the signal; 0 for the kernel.
        package let sender: ProcessID
    }

    /// Readable while a signal is pending: for a `Poller`.
    package let descriptor: OwnedDescriptor
    private let actions: [Int32: Action]

    /// Blocks the signals of `actions` in this thread and starts to collect them.
    ///
    /// HUP, INT and QUIT stay ignored if they were ignored when the program started: `nohup` and a script's `&`
    /// use this to protect the program from the terminal.
    ///
    /// The corresponding C functions are `pthread_sigmask` and `signalfd`.
    package init(_ actions: [Int32: Action]) throws(SystemError) {
        let heeded = actions.filter { !([SIGHUP, SIGINT, SIGQUIT].contains($0.key) && isIgnored($0.key)) }
        var set = sigset_t(heeded.keys)
        try Syscall.checkNumber(pthread_sigmask(SIG_BLOCK, &set, nil), "block signals")
        descriptor = OwnedDescriptor(
            owning: try Syscall.check("collect signals") {
                signalfd(-1, &set, Int32(SFD_CLOEXEC | SFD_NONBLOCK))
            })
        self.actions = heeded
    }

    /// Waits for the next signal.
    ///
    /// - Parameter timeout: Upper bound; `nil` waits indefinitely, zero only polls.
    /// - Returns: `nil` if the timeout passes. A signal sent twice before this call is delivered once.
    ///
    /// The corresponding C function is `read` on the signalfd.
    package func next(timeout: Duration?) throws(SystemError) -> Delivery? {
        let deadline = Deadline(after: timeout)
        while true {
            var info = signalfd_siginfo()
            let count = read(descriptor.number, &info, MemoryLayout<signalfd_siginfo>.size)
            let code = errno
            if count > 0, let action = actions[Int32(info.ssi_signo)] {
                let sender = ProcessID(bitPattern: info.ssi_pid)
                return Delivery(action: action, signal: Int32(info.ssi_signo), sender: sender)
            }
            if count == -1, code != EAGAIN, code != EINTR { throw SystemError(code, "read signals") }
            if count == -1, code == EAGAIN {
                guard try descriptor.waitReadable(timeout: deadline.remaining) else { return nil }
            }
        }
    }
}

/// The signal dispositions that programs of this toolkit set at startup.
package enum SignalDispositions {
    /// Ignores SIGPIPE, so that a write to a closed pipe is an error, and ensures that
    /// SIGCHLD is not ignored: the kernel would otherwise discard exit statuses.
    ///
    /// The corresponding C function is `signal`.
    package static func settle() {
        signal(SIGPIPE, SIG_IGN)
        signal(SIGCHLD, SIG_DFL)
    }
}

/// The corresponding C function is `sigaction`.
private func isIgnored(_ signal: Int32) -> Bool {
    var current = sigaction()
    sigaction(signal, nil, &current)
    // Function pointers do not compare; SIG_IGN is the address 1.
    return unsafeBitCast(current.__sigaction_handler.sa_handler, to: Int.self) == 1
}
