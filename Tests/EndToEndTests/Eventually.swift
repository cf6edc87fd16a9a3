import Processes

/// Waits for something that another process is about to do; `false` after the limit.
func eventually(within limit: Duration = .seconds(20), _ condition: () throws -> Bool) rethrows -> Bool {
    let deadline = Deadline(after: limit)
    while try !condition() {
        if deadline.hasPassed { return false }
        Syscall.pause(.milliseconds(5))
    }
    return true
}
