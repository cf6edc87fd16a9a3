import Glibc

/// How a process ended.
package enum WaitStatus: Sendable, Equatable, CustomStringConvertible {
    /// The process returned from `main` or called `exit`.
    case exited(Int32)
    /// A signal killed the process.
    case signaled(Int32, coreDumped: Bool)

    /// Decodes the status returned by `wait`.
    ///
    /// The corresponding C macros are `WIFEXITED`, `WEXITSTATUS`, `WTERMSIG` and `WCOREDUMP`.
    package init(raw: Int32) {
        let signal = raw & 0x7F
        self = signal == 0 ? .exited(raw >> 8 & 0xFF) : .signaled(signal, coreDumped: raw & 0x80 != 0)
    }

    /// The value of a shell's `$?`: 128 plus the signal number for a killed process.
    package var shellStatus: Int32 {
        switch self {
        case .exited(let code): code
        case .signaled(let signal, _): 128 + signal
        }
    }

    /// `exit status 3`, `signal KILL`, `signal SEGV (core dumped)`.
    package var description: String {
        switch self {
        case .exited(let code): "exit status \(code)"
        case .signaled(let signal, coreDumped: false): "signal \(Signal.name(of: signal))"
        case .signaled(let signal, coreDumped: true): "signal \(Signal.name(of: signal)) (core dumped)"
        }
    }
}

/// How a process ended, and the resources it used.
package struct Termination: Sendable, Equatable {
    package let status: WaitStatus
    /// Processor time in user mode, including children that it waited for.
    package let userTime: Duration
    /// Processor time in the kernel, including children that it waited for.
    package let systemTime: Duration
    /// Peak memory in bytes.
    package let peakMemoryBytes: Int

    /// The corresponding C function is `wait4`. `nil` with `WNOHANG` while the process runs.
    init?(of id: ProcessID, options: Int32) throws(SystemError) {
        var raw: Int32 = 0
        var usage = rusage()
        let ended = try Syscall.check("wait for process \(id)") { wait4(id, &raw, options, &usage) }
        if ended == 0 { return nil }
        status = WaitStatus(raw: raw)
        userTime = Duration(usage.ru_utime)
        systemTime = Duration(usage.ru_stime)
        peakMemoryBytes = usage.ru_maxrss * 1024
    }
}

extension Duration {
    fileprivate init(_ time: timeval) {
        self = .seconds(time.tv_sec) + .microseconds(time.tv_usec)
    }
}
