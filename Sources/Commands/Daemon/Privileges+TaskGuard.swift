import Glibc
import Processes
import Tasks

extension Privileges {
    /// The guard for a worker that will change to this user.
    var taskGuard: TaskGuard { TaskGuard(user: numbers.user ?? geteuid(), group: numbers.group) }
}
