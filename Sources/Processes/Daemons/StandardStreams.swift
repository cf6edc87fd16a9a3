import Glibc

/// The descriptors 0, 1 and 2, which programs use by number.
package enum StandardStreams {
    /// Opens each of the three descriptors that is closed. Call it first in `main`.
    ///
    /// A program may be started with some of them closed (`>&-`). The next files it opens would get these numbers, and
    /// messages for stderr could end up in a database. The substitutes are opened in the wrong direction,
    /// so that using them still fails with EBADF.
    ///
    /// The corresponding C functions are `fcntl` and `open`.
    package static func fillGaps() {
        for number in STDIN_FILENO...STDERR_FILENO where fcntl(number, F_GETFD) < 0 {
            // `open` returns the lowest free number, which is this one.
            _ = open("/dev/null", number == STDIN_FILENO ? O_WRONLY : O_RDONLY)
        }
    }
}
