import Processes

/// Waits for something that another process is about to do; `false` after twenty seconds.
func eventually(_ condition: () throws -> Bool) rethrows -> Bool {
    let deadline = Deadline(after: .seconds(20))
    while try !condition() {
        if deadline.hasPassed { return false }
        Syscall.pause(.milliseconds(5))
    }
    return true
}
