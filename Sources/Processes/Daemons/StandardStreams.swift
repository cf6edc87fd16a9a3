import Glibc

/// The descriptors 0, 1 and 2, which everybody reads from and writes to by number.
package enum StandardStreams {
    /// Puts something into each of the three places that is empty. Call it first thing in `main`.
    ///
    /// A program may be started with some of them closed (`>&-`). The next files it opens get these numbers, and
    /// what is said on stderr would end up in a database. What stands there instead opens the wrong way
    /// round, so that using it is the error it was: EBADF.
    ///
    /// The corresponding C functions are `fcntl` and `open`.
    package static func fillGaps() {
        for number in STDIN_FILENO...STDERR_FILENO where fcntl(number, F_GETFD) < 0 {
            // Gets the lowest free number, which is this one.
            _ = open("/dev/null", number == STDIN_FILENO ? O_WRONLY : O_RDONLY)
        }
    }
}
