// The pool: supervised children, each our own binary executed again.
//
// One thread (`PoolLoop`) serves all children: it hands out jobs, collects reports,
// replaces the dead, and kills what runs past its hard limit. A child has a short line
// of jobs, so that it need not wait for the worker between tasks of a few microseconds;
// what stands behind a slow one is recalled and goes elsewhere.

package import Processes
import Synchronization

/// The worker's handle on its pool; calls never block.
package final class Pool: Sendable {
    /// What has happened; read by the worker.
    package let events = Mailbox<PoolEvent>()
    private let commands = Mutex<[PoolCommand]>([])
    private let waker: Waker

    /// Starts the children.
    package init(_ configuration: PoolConfiguration) throws(SystemError) {
        waker = try Waker()
        let poller = try Poller()
        WorkThread.start { [self] in
            let loop = PoolLoop(configuration: configuration, poller: poller, waker: waker, events: events) {
                self.commands.withLock { commands in
                    defer { commands = [] }
                    return commands
                }
            }
            loop.run()
        }
    }

    /// Hands out jobs.
    package func submit(_ jobs: [JobRequest]) { send(.submit(jobs)) }

    /// Adds a child, or with a negative number takes some away when they are free.
    package func grow(by count: Int) { send(.grow(count)) }

    /// Puts a new child into the place of each, which goes when it has done what it has.
    package func replaceAll() { send(.replaceAll) }

    /// Begins nothing more: every job that is not under way comes back as `returned`.
    package func drain() { send(.drain) }

    /// Lets the children finish what they have and exit; `ended` follows.
    package func finish() { send(.finish) }

    /// Kills the children and all their processes now; jobs under way are `lost`, `ended` follows.
    package func kill() { send(.kill) }

    private func send(_ command: PoolCommand) {
        commands.withLock { $0.append(command) }
        waker.wake()
    }
}

/// What the handle asks of the loop.
enum PoolCommand: Sendable {
    case submit([JobRequest])
    case grow(Int)
    case replaceAll
    case drain
    case finish
    case kill
}
