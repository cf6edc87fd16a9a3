import CLinux
import Glibc

/// The size of the terminal on stdout.
package enum TerminalSize {
    /// The width in columns; 80 if it is not known.
    package static var columns: Int {
        let columns = Int(celery_terminal_columns(STDOUT_FILENO))
        return columns > 0 ? columns : 80
    }
}
