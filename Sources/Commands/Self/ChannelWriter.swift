import Glibc
import Processes

/// The writing end of a task's channel, inherited from the task.
struct ChannelWriter {
    private let number: Int32

    /// How long to wait for room in the pipe. The worker reads at once, unless the machine is very busy.
    private static let patience: Duration = .seconds(2)

    /// - Returns: `nil` if there is no pipe of this number: the variable comes from a task of long ago, or the descriptor was closed
    ///   or used for something else.
    init?(_ number: Int32) {
        var status = stat()
        guard fstat(number, &status) == 0, status.st_mode & S_IFMT == S_IFIFO, fcntl(number, F_GETFL) & O_ACCMODE == O_WRONLY else {
            return nil
        }
        self.number = number
    }

    /// Writes all bytes, waiting for room for a moment.
    ///
    /// - Throws: `CommandError` when nobody reads.
    ///
    /// The corresponding C functions are `write` and `poll`.
    func write(_ bytes: [UInt8]) throws {
        signal(SIGPIPE, SIG_IGN)
        let deadline = Deadline(after: Self.patience)
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes { Glibc.write(number, $0.baseAddress! + sent, $0.count - sent) }
            if count >= 0 {
                sent += count
                continue
            }
            switch errno {
            case EINTR: continue
            case EAGAIN where !deadline.hasPassed:
                var entry = pollfd(fd: number, events: Int16(POLLOUT), revents: 0)
                _ = poll(&entry, 1, deadline.pollMilliseconds)
            case EAGAIN: throw CommandError(ExitCode.tryAgain, "the worker does not read what the task says")
            case EPIPE: throw CommandError(ExitCode.usage, "the task has ended")
            case let code: throw SystemError(code, "write to the task's channel")
            }
        }
    }
}
