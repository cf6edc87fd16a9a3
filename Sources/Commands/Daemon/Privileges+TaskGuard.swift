import Glibc
import Processes
import Tasks

extension Privileges {
    /// Of a worker that becomes this user.
    var taskGuard: TaskGuard { TaskGuard(user: numbers.user ?? geteuid(), group: numbers.group) }
}
